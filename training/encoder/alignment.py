"""Step 2: which pieces translate each other, by IBM model 1 in both directions over the sentence pairs.

Brown et al. (1993), "The Mathematics of Statistical Machine Translation". The tables are dense (pieces of the
joint vocabulary times pieces of the teacher, 5.5 GB each, two of them): seconds on a GPU, an hour on a CPU.

    python training/encoder/alignment.py --corpus DIR --work DIR [--device cuda]
"""

import argparse
from collections.abc import Iterator

import numpy as np
import torch
from corpora import glosses, sentence_pairs
from tokenizers import Tokenizer
from vocabulary import add_arguments, load_tokenizer, teacher_folder

ITERATIONS = 4
LENGTH = 64  # pieces read of a sentence
CELLS = 40_000_000  # piece pairs handled at once
NULL = 0  # [PAD], in both vocabularies: the source of what translates nothing


def plain(tokenizer: Tokenizer, texts: list[str]) -> list[np.ndarray]:
    """Piece ids without special tokens, at most LENGTH a text."""
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [np.array(e.ids[:LENGTH], dtype=np.int64) for e in encodings]


def batches(
    left: list[np.ndarray], right: list[np.ndarray], device: str
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Padded (-1) id matrices of pairs of about one length, each side led by NULL."""
    order = sorted(range(len(left)), key=lambda i: (len(left[i]), len(right[i])))
    start = 0
    while start < len(order):
        size = max(1, CELLS // (LENGTH * (len(left[order[start]]) + 8)))
        chosen = order[start : start + size]
        start += size
        yield _padded([left[i] for i in chosen], device), _padded([right[i] for i in chosen], device)


def _padded(rows: list[np.ndarray], device: str) -> torch.Tensor:
    out = np.full((len(rows), 1 + max(map(len, rows))), -1, dtype=np.int64)
    out[:, 0] = NULL
    for i, row in enumerate(rows):
        out[i, 1 : len(row) + 1] = row
    return torch.from_numpy(out).to(device)


def translation_table(
    pairs: list[tuple[torch.Tensor, torch.Tensor]], shape: tuple[int, int], *, reverse: bool = False
) -> torch.Tensor:
    """p(target piece | source piece), shape (source vocabulary, target vocabulary); ``reverse`` swaps the pairs."""
    device = pairs[0][0].device
    table = torch.ones(shape, device=device)
    for iteration in range(ITERATIONS):
        counts = torch.zeros(shape, device=device)
        likelihood = 0.0
        for pair in pairs:
            source, target = pair[::-1] if reverse else pair
            target = target[:, 1:]  # NULL translates nothing and nothing translates it
            cells = source.clamp_min(0)[:, :, None] * shape[1] + target.clamp_min(0)[:, None, :]
            known = (source >= 0)[:, :, None] & (target >= 0)[:, None, :]
            share = table.view(-1)[cells] * known
            total = share.sum(1, keepdim=True)
            likelihood += float(total[total > 0].log().sum())
            share = share / total.clamp_min(1e-30)
            counts.view(-1).index_add_(0, cells.view(-1), share.view(-1))
        table = counts / counts.sum(1, keepdim=True).clamp_min(1e-30)
        print(f"iteration {iteration}: log likelihood {likelihood:.4g}", flush=True)
    return table


def best(
    forward: torch.Tensor, backward: torch.Tensor, *, most: int = 12, floor: float = 0.01
) -> dict[str, np.ndarray]:
    """For each source piece its likeliest targets: ``piece``, ``target``, p(target|piece), p(piece|target)."""
    probability, target = forward.topk(most, dim=1)
    piece = torch.arange(len(forward), device=forward.device)[:, None].expand_as(target)
    keep = probability > floor
    piece, target, probability = piece[keep], target[keep], probability[keep]
    reverse = backward[target, piece]
    found = {"piece": piece, "target": target, "forward": probability, "backward": reverse}
    return {name: values.cpu().numpy() for name, values in found.items()}


def main() -> None:
    """Write ``alignment.npz`` into the work folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_arguments(parser)
    options = parser.parse_args()

    joint = load_tokenizer(options.work)
    teacher = load_tokenizer(options.teacher or teacher_folder())
    pairs = sentence_pairs(options.corpus, most=options.pairs)
    sentences = len(pairs)
    pairs += 2 * glosses(options.corpus)
    danish = plain(joint, [a for a, _ in pairs])
    english = plain(teacher, [b for _, b in pairs])
    print(sentences, "sentence pairs,", len(pairs) - sentences, "glosses", flush=True)
    shape = (joint.get_vocab_size(), teacher.get_vocab_size())
    ready = list(batches(danish, english, options.device))
    forward = translation_table(ready, shape)
    backward = translation_table(ready, shape[::-1], reverse=True)
    count = {
        "danish": np.bincount(np.concatenate(danish[:sentences]), minlength=shape[0]),
        "english": np.bincount(np.concatenate(english[:sentences]), minlength=shape[1]),
    }
    np.savez_compressed(options.work / "alignment.npz", **best(forward, backward), **count)


if __name__ == "__main__":
    main()
