"""Step 4: the student learns the teacher's vectors from both sides of the sentence pairs, and Danish as it is debated.

Three losses: the cosine distance of the Danish and of the English sentence to the teacher's vector of the English
one (Reimers & Gurevych 2020); the contrast of the Danish sentence with the other targets of its batch; and the
contrast of a few sentences of a parliamentary debate with those that follow them, which brings in the Danish of
public affairs that the pairs lack. Weights are averaged over the last steps.

    python training/encoder/distil.py --corpus DIR --work DIR [--device cuda] [--minutes 5]

Writes ``distilled`` into the work folder, and ``merged``, the mean of its weights and the start's (Wortsman et al.
2022): better than either, as it turned out. Stopped and started again it goes on from its last checkpoint.
"""

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from corpora import debate, sentence_pairs
from student import Student, autocast
from torch.nn.functional import cross_entropy
from vocabulary import add_arguments, teacher_folder

LENGTH = 96  # pieces of a sentence
TEMPERATURE = 0.05
AVERAGING = 0.998
CHECKPOINT_S = 300


@dataclass(frozen=True)
class Rates:
    """Learning rates at their highest, and the losses' weights."""

    body: float = 2e-4
    table: float = 5e-4
    english: float = 0.5
    contrast: float = 0.1
    debate: float = 0.1


def neighbours(
    sentences: list[list[int]], rng: np.random.Generator, ends: tuple[int, int]
) -> Iterator[tuple[list[int], list[int]]]:
    """Endless random pairs: one to three sentences of a debate, and the one to three after them."""
    first, last = ends
    while True:
        at = int(rng.integers(len(sentences) - 6))
        cut, end = at + int(rng.integers(1, 4)), at + 3 + int(rng.integers(1, 4))
        pair = [[t for s in sentences[a:b] for t in s][: LENGTH - 2] for a, b in ((at, cut), (cut, end))]
        if min(map(len, pair)) >= 8:
            yield [first, *pair[0], last], [first, *pair[1], last]


def batches(lengths: np.ndarray, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """One epoch's batches, each of about one length, in random order."""
    order = np.argsort(lengths + rng.uniform(0, 4, len(lengths)))
    found = [order[i : i + size] for i in range(0, len(order) - size + 1, size)]
    rng.shuffle(found)
    return found


def contrast(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of finding each row's partner among the batch, in both directions."""
    logits = left @ right.T / TEMPERATURE
    target = torch.arange(len(left), device=left.device)
    return (cross_entropy(logits, target) + cross_entropy(logits.T, target)) / 2


def main() -> None:
    """Train and write both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    parser.add_argument("--epochs", type=float, default=3.0)
    parser.add_argument("--minutes", type=float, default=math.inf, help="the schedule ends by then at the latest")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--debate", type=float, default=Rates.debate)
    parser.add_argument("--contrast", type=float, default=Rates.contrast)
    options = parser.parse_args()
    rates = Rates(debate=options.debate, contrast=options.contrast)
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = True

    pairs = sentence_pairs(options.corpus, most=options.pairs)
    student = Student.load(options.work / "start").to(options.device)
    targets = _targets(options, [b for _, b in pairs])
    danish = student.tokens([a for a, _ in pairs], LENGTH)
    english = student.tokens([b for _, b in pairs], LENGTH)
    student.tokenizer.no_truncation()
    speech = [e.ids for e in student.tokenizer.encode_batch(debate(options.corpus), add_special_tokens=False)]
    ends = (danish[0][0], danish[0][-1])
    print(len(pairs), "pairs,", len(speech), "sentences of debate", flush=True)
    _train(student, (danish, english), targets, (speech, ends), rates, options)
    student.save(options.work / "distilled")
    start = Student.load(options.work / "start")
    with torch.no_grad():
        for mean, other in zip(start.bert.parameters(), student.bert.parameters(), strict=True):
            mean.lerp_(other.cpu(), 0.5)
    start.save(options.work / "merged")


def _targets(options: argparse.Namespace, english: list[str]) -> torch.Tensor:
    """The teacher's vectors, half precision, computed once."""
    file = options.work / f"targets-{len(english)}.npy"
    if not file.exists():
        teacher = Student.load(options.teacher or teacher_folder()).to(options.device)
        np.save(file, teacher.encode(english, length=LENGTH, pieces=131_072).astype(np.float16))
    return torch.from_numpy(np.load(file)).to(options.device)


def _train(
    student: Student,
    pairs: tuple[list[list[int]], list[list[int]]],
    targets: torch.Tensor,
    speech: tuple[list[list[int]], tuple[int, int]],
    rates: Rates,
    options: argparse.Namespace,
) -> None:
    """Train in place; ``pairs`` are the Danish and English sides, ``speech`` sentences and the special tokens."""
    danish, english = pairs
    lengths = np.maximum([len(d) for d in danish], [len(e) for e in english])
    device = student.bert.device
    named = list(student.bert.named_parameters())
    tables = [p for n, p in named if "word_embeddings" in n]
    body = [p for n, p in named if "word_embeddings" not in n]
    groups = [{"params": tables, "peak": rates.table}, {"params": body, "peak": rates.body}]
    optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.0, betas=(0.9, 0.98), eps=1e-7)
    average = {n: p.detach().clone() for n, p in named}
    total = int(options.epochs * (len(danish) // options.batch))
    step, used, checkpoint = 0, 0.0, options.work / "distilled.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        student.bert.load_state_dict(saved["bert"])
        optimizer.load_state_dict(saved["optimizer"])
        average, step, used = saved["average"], saved["step"], saved["used"]
    started = stored = time.monotonic()
    student.train()
    while step < total:
        epoch, first = divmod(step, len(danish) // options.batch)
        rng = np.random.default_rng([0, epoch])
        order = batches(lengths, options.batch, rng)
        following = neighbours(speech[0], np.random.default_rng([1, step]), speech[1])
        for rows in order[first:]:
            done = max(step / total, (used + time.monotonic() - started) / 60 / options.minutes)
            if done >= 1:
                step = total
                break
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * min(1.0, (step + 1) / 200) * (0.02 + 0.98 * math.cos(math.pi / 2 * done))
            near = [next(following) for _ in range(options.batch // 2)] if rates.debate else []
            with autocast(device):
                target = targets[torch.from_numpy(rows).to(device)].float()
                da = student([danish[i] for i in rows]).float()
                en = student([english[i] for i in rows]).float()
                loss = (1 - (da * target).sum(1)).mean() + rates.english * (1 - (en * target).sum(1)).mean()
                distance = float(loss.detach()) if step % 100 == 0 else None
                loss = loss + rates.contrast * contrast(da, target)
                if near:
                    loss = loss + rates.debate * contrast(
                        student([a for a, _ in near]).float(), student([b for _, b in near]).float()
                    )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(body, 1.0)
            optimizer.step()
            step += 1
            decay = min(AVERAGING, step / (step + 50))
            with torch.no_grad():
                torch._foreach_lerp_(list(average.values()), [p for _, p in named], 1 - decay)
            if distance is not None:
                seconds = time.monotonic() - started
                print(f"step {step} of {total}, {done:.2f}: distance {distance:.4f}, {seconds:.0f} s", flush=True)
            if time.monotonic() - stored > CHECKPOINT_S:
                stored = time.monotonic()
                state = {"bert": student.bert.state_dict(), "optimizer": optimizer.state_dict(), "average": average}
                torch.save(state | {"step": step, "used": used + stored - started}, checkpoint)
    with torch.no_grad():
        for name, parameter in named:
            parameter.copy_(average[name])


if __name__ == "__main__":
    main()
