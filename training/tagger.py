"""The tagger: what the words of a passage do, and whether the passage speaks of the draft at all.

Three transformer layers of its own on the lower three of an encoder, which stay as they are, so that a passage is
read once for both. It learns from the `natural` sets and the dev cases of tests/cases/stance.json:

- the stances of a pair, from all words of the passage and from those about the provision,
- which words show them (the gold evidence),
- whether the passage addresses any provision; background, courtesy and what lies outside the draft do not.

    python training/tagger.py --gold fixtures/gold --base WORK/fs --encoder src/policydiff/models_data/small --out DIR
    python training/tagger.py ... --base WORK/fold-0 --encoder WORK/small-0 --out WORK/tagger --fold 0     # 1, 2, 3

The second form leaves every fourth set out; its base must be an encoder that was supervised without these sets
(fold-0 for 0 and 2, fold-1 for 1 and 3). What is fitted on the tagger is fitted on what these four say of their sets.
``--base`` is what training continues from, ``--encoder`` the same as it was exported.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn.functional import binary_cross_entropy_with_logits, dropout

from encoder.export import graph, large_units, some_passages, write_json, write_weights
from encoder.student import Student
from policydiff.documents.mapping import normalise
from policydiff.evidence.tagger import ADDRESSED, PAIR, TAGS, WIDTH, tagger_values
from policydiff.evidence.tagger import Tagger as ShippedTagger
from policydiff.evidence.transformer import TransformerEncoder, read_tensors
from policydiff.findings.stance_features import view
from policydiff.fitting.stance import labelled_pairs
from policydiff.gold import GoldSet, gold_folders, read_gold
from policydiff.models import STANCES
from stance_cases import read_cases

LENGTH = 256
Floats = torch.Tensor


@dataclass(frozen=True)
class Recipe:
    """How it is trained; chosen by leaving sets out of ``natural``."""

    rate: float = 8e-5
    head_rate: float = 2e-3
    epochs: int = 4
    layers: int = 3  # the upper ones, its own
    rows: int = 16
    words: float = 0.5  # weight of the loss of the words
    addressed: float = 0.5  # weight of the loss of whether a provision is addressed
    dropout: float = 0.1
    averaging: float = 0.98
    seed: int = 0


@dataclass
class Row:
    """A pair, or a passage about nothing in the draft. Masks are over the pieces of the passage.

    ``stances`` is None where there is no pair, ``evidence`` where none is marked; ``addressed`` is 1 for a passage
    about a provision, .5 for one that touches one, 0 for any other, None where nobody said.
    """

    text: str
    own: Sequence[tuple[int, int]]
    stances: list[bool] | None
    evidence: tuple[int, int] | None
    addressed: float | None


def rows_of(gold: GoldSet) -> list[Row]:
    """All pairs of a consultation, and its passages without one."""
    addressed = {(p.response, p.passage): max((a.grade for a in p.alignments), default=0) / 2 for p in gold.passages}
    rows = [Row(p.text, [(0, len(p.text))], None, None, 0.0) for p in gold.passages if not p.alignments]
    for passage, alignment, pair in labelled_pairs(gold):
        rows.append(
            Row(
                pair.passage,
                view(pair, gold.policy.language).own_spans(),
                [s in alignment.stances for s in STANCES],
                alignment.evidence and (alignment.evidence[0] - passage.start, alignment.evidence[1] - passage.start),
                addressed[passage.response, passage.passage],
            )
        )
    return rows


def case_rows() -> list[Row]:
    """The dev cases of stance."""
    return [
        Row(c.pair.passage, view(c.pair, c.language).own_spans(), [s in c.stances for s in STANCES], None, None)
        for c in read_cases()
        if c.split == "dev"
    ]


class Tagger(torch.nn.Module):
    """Upper layers of a student with a linear head that gives each piece its WIDTH numbers."""

    def __init__(self, student: Student, recipe: Recipe) -> None:
        super().__init__()
        encoder = student.bert.encoder.layer
        self.trunk = student.bert
        self.below = len(encoder) - recipe.layers
        self.above = torch.nn.ModuleList(encoder[self.below :])
        self.head = torch.nn.Linear(student.bert.config.hidden_size, WIDTH)
        self.dropout = recipe.dropout

    @torch.no_grad()
    def states(self, ids: Sequence[int]) -> Floats:
        """What the lower layers give for one text, (pieces, hidden)."""
        x = self.trunk.embeddings(input_ids=torch.tensor([ids]))
        for layer in self.trunk.encoder.layer[: self.below]:
            x = layer(x)
        return x[0]

    def forward(self, x: Floats, mask: Floats) -> Floats:
        """(texts, pieces, WIDTH) from states and a mask of (texts, pieces)."""
        hidden = (1 - mask[:, None, None, :].to(x.dtype)) * -1e4
        for layer in self.above:
            x = layer(x, hidden)
        found: Floats = self.head(dropout(x, self.dropout, self.training))
        return found


def pooled(numbers: Floats, body: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Logits of the stances (texts, 5) and of being addressed (texts,); evidence.tagger does the same in numpy."""
    sides = [numbers[..., part] for part in PAIR]
    masks = [body, own, body, own]
    parts = [_mean(s, m) for s, m in zip(sides[:2], masks[:2], strict=True)]
    parts += [_most(s, m) for s, m in zip(sides[2:], masks[2:], strict=True)]
    return torch.stack(parts).sum(0), _mean(numbers[..., ADDRESSED[0]], body) + _most(numbers[..., ADDRESSED[1]], body)


def _mean(values: Floats, mask: Floats) -> Floats:
    weight = mask.to(values.dtype)
    weight = weight / weight.sum(1, keepdim=True).clamp(min=1)
    return (values * (weight if values.dim() == 2 else weight[..., None])).sum(1)


def _most(values: Floats, mask: Floats) -> Floats:
    return values.masked_fill(~(mask if values.dim() == 2 else mask[..., None]), -1e4).max(1).values


def prepare(student: Student, tagger: Tagger, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """States, masks and labels of each row."""
    student.tokenizer.enable_truncation(LENGTH)
    known: dict[str, tuple[Floats, list[tuple[int, int]]]] = {}
    out = []
    for row in rows:
        if row.text not in known:
            clean = normalise(row.text)
            encoded = student.tokenizer.encode(clean.text)
            spans = [clean.origin(a, b) if b > a else (0, 0) for a, b in encoded.offsets]
            known[row.text] = tagger.states(encoded.ids), spans
        states, offsets = known[row.text]

        def within(spans: Sequence[tuple[int, int]], offsets: list[tuple[int, int]] = offsets) -> Floats:
            return torch.tensor([b > a and any(a < end and start < b for start, end in spans) for a, b in offsets])

        body, own = within([(0, len(row.text))]), within(row.own)
        out.append(
            {
                "states": states,
                "body": body,
                "own": own if own.any() else body,
                "evidence": None if row.evidence is None else within([row.evidence]),
                "row": row,
            }
        )
    return out


def padded(rows: Sequence[dict[str, Any]], key: str) -> Floats:
    """One tensor of the rows' ``key``."""
    return torch.nn.utils.rnn.pad_sequence([r[key] for r in rows], batch_first=True)


def loss_of(tagger: Tagger, rows: Sequence[dict[str, Any]], weight: Floats, recipe: Recipe) -> Floats:
    """Stances, words and addressed, of one batch."""
    body = padded(rows, "body")
    whole = padded([{"all": torch.ones(len(r["body"]), dtype=torch.bool)} for r in rows], "all")
    numbers = tagger(padded(rows, "states"), whole)
    stances, addressed = pooled(numbers, body, padded(rows, "own"))
    total = numbers.sum() * 0
    pairs = [i for i, r in enumerate(rows) if r["row"].stances is not None]
    if pairs:
        gold = torch.tensor([rows[i]["row"].stances for i in pairs]).float()
        each = binary_cross_entropy_with_logits(stances[pairs], gold, pos_weight=weight)
        total = total + each * len(pairs) / len(rows)
    marked = [i for i in pairs if rows[i]["evidence"] is not None]
    if marked:
        shown = padded([rows[i] for i in marked], "evidence")
        shown = torch.nn.functional.pad(shown, (0, body.shape[1] - shown.shape[1]))
        gold = torch.tensor([rows[i]["row"].stances for i in marked]).float()
        words = binary_cross_entropy_with_logits(
            numbers[marked][..., TAGS], shown[..., None] * gold[:, None], pos_weight=weight, reduction="none"
        )
        total = total + recipe.words * _mean(words.mean(-1), body[marked]).mean() * len(marked) / len(rows)
    told = [i for i, r in enumerate(rows) if r["row"].addressed is not None]
    if told:
        gold = torch.tensor([rows[i]["row"].addressed for i in told])
        total = total + recipe.addressed * binary_cross_entropy_with_logits(addressed[told], gold)
    return total


def train(student: Student, rows: Sequence[Row], recipe: Recipe) -> Tagger:
    """A tagger on the student's lower layers."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    tagger = Tagger(student, recipe)
    with torch.no_grad():
        student.eval()
        ready = prepare(student, tagger, rows)
    labelled = torch.tensor([r.stances for r in rows if r.stances is not None]).float()
    weight = ((len(labelled) - labelled.sum(0)) / labelled.sum(0)) ** 0.5
    body = list(tagger.above.parameters())
    learned = [*body, *tagger.head.parameters()]
    groups = [{"params": body, "peak": recipe.rate}, {"params": tagger.head.parameters(), "peak": recipe.head_rate}]
    optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.01)
    average = [p.detach().clone() for p in learned]
    lengths = np.array([len(r["states"]) for r in ready])
    steps = recipe.epochs * -(-len(rows) // recipe.rows)
    number, began = 0, time.perf_counter()
    tagger.train()
    for epoch in range(recipe.epochs):
        order = np.argsort(lengths + rng.random(len(rows)) * 20)
        batches = [order[i : i + recipe.rows] for i in range(0, len(order), recipe.rows)]
        rng.shuffle(batches)
        seen = 0.0
        for batch in batches:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * min(1.0, (number + 1) / 60) * max(0.02, 1 - number / steps)
            loss = loss_of(tagger, [ready[i] for i in batch], weight, recipe)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            number += 1
            seen += loss.item()
            decay = min(recipe.averaging, number / (number + 10))
            with torch.no_grad():
                torch._foreach_lerp_(average, [p.detach() for p in learned], 1 - decay)
        print(f"epoch {epoch}: loss {seen / len(batches):.3f}, {time.perf_counter() - began:.0f} s", flush=True)
    with torch.no_grad():
        for parameter, mean in zip(learned, average, strict=True):
            parameter.copy_(mean)
    return tagger.eval()


def export(
    tagger: Tagger,
    encoder: TransformerEncoder,
    out: Path,
    card: dict[str, Any],
    recipe: Recipe,
    units: Sequence[Sequence[int]],
) -> None:
    """The folder that ``policydiff.evidence.tagger.Tagger`` reads: matrices in eight-bit floats.

    ``units`` are the large ones of its layers (``encoder.export.large_units``).
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = {
        f"encoder.layer.{number + tagger.below}.{name}": value.contiguous()
        for number, layer in enumerate(tagger.above)
        for name, value in layer.state_dict().items()
    }
    raw = out / "raw.safetensors"
    save_file({**weights, "head.weight": tagger.head.weight.data, "head.bias": tagger.head.bias.data}, raw)
    write_weights(raw, out / "model.safetensors")
    raw.unlink()
    own = read_tensors((out / "model.safetensors").read_bytes())
    config = json.loads(encoder.files.read("config.json"))
    values = tagger_values(encoder, own, units)
    built = graph(values, encoder.layers, config["num_attention_heads"], config["hidden_size"], recipe.layers)
    (out / "graph.onnx").write_bytes(built)
    names = ("model.safetensors", "graph.onnx")
    card = {
        "name": "policydiff-tagger-1",
        "what": "stances that words show, and whether a passage speaks of the draft; layers on an encoder's lower ones",
        "languages": ["da", "en"],
        "licence": "Apache-2.0",
        "encoder": encoder.name,
        "layers": recipe.layers,
        "large_units": units,
        "recipe": asdict(recipe),
        **card,
        "files": {n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in names},
    }
    write_json(out, "card.json", card)


def figures(tagger: ShippedTagger, sets: dict[str, list[Row]]) -> dict[str, Any]:
    """F1 a stance at logit 0, their mean over the card's three, and AUC of being addressed, by the exported tagger."""
    from sklearn.metrics import f1_score, roc_auc_score

    rows = [r for s in sets.values() for r in s]
    read = tagger.read([r.text for r in rows])
    pairs = [(t.stances(r.own), r.stances) for t, r in zip(read, rows, strict=True) if r.stances is not None]
    found, gold = np.array([p for p, _ in pairs]) > 0, np.array([g for _, g in pairs])
    scores = {s: round(float(f1_score(gold[:, k], found[:, k])), 3) for k, s in enumerate(STANCES)}
    told = [(t.addressed(), r.addressed) for t, r in zip(read, rows, strict=True) if r.addressed in (0, 1)]
    area = roc_auc_score([a for _, a in told], [score for score, _ in told])
    three = round(float(np.mean(list(scores.values())[:3])), 3)
    return {**scores, "macro_three": three, "addressed_auc": round(float(area), 3)}


def main() -> None:
    """Train with all sets, or without one fold of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--date", default="")
    parser.add_argument("--fold", type=int)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    for field in fields(Recipe):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    recipe = Recipe(**{f.name: getattr(options, f.name) for f in fields(Recipe)})
    folders = gold_folders([options.gold / "natural"])
    left_out = [] if options.fold is None else folders[options.fold :: options.folds]
    taught = [f for f in folders if f not in left_out]
    rows = [row for f in taught for row in rows_of(read_gold(f))] + case_rows()
    student = Student.load(options.base, dropout=recipe.dropout)
    tagger = train(student, rows, recipe)
    pieces = student.tokens(some_passages(options.gold), LENGTH)
    units = large_units(
        tagger.above, lambda: [tagger(tagger.states(ids)[None], torch.ones(1, len(ids))) for ids in pieces]
    )
    out = options.out if options.fold is None else options.out.with_name(f"{options.out.name}-{options.fold}")
    encoder = TransformerEncoder(options.encoder, threads=options.threads)
    card: dict[str, Any] = {"date": options.date, "sets": [f.name for f in taught]}
    export(tagger, encoder, out, card, recipe, units)
    if left_out:
        found = figures(ShippedTagger(encoder, out), {f.name: rows_of(read_gold(f)) for f in left_out})
        write_json(out, "card.json", json.loads((out / "card.json").read_text(encoding="utf-8")) | {"left out": found})
        print(json.dumps(found))


if __name__ == "__main__":
    main()
