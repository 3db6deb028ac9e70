"""Step 7: the static encoder, the student's token embeddings without its layers.

Each token is weighted by smooth inverse frequency, a / (a + p) (Arora, Liang & Ma 2017), and by a factor that is
learned together with one linear map of all vectors, held near the identity, from which provision a passage is about
(the losses of supervise.py). Stored in four bits a value with one scale a token.

    python training/encoder/static.py --corpus DIR --work DIR --date 2026-11-26
    python training/encoder/static.py --corpus DIR --work DIR --date 2026-11-26 --fold 0 --folds 2 --out DIR

The second form leaves a fold of the sets out.
"""

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from corpora import lines
from export import left_out, sources, write_json
from safetensors.numpy import save_file
from safetensors.torch import load_file
from start import TABLE
from supervise import Recipe, Set, centred, epoch, pair_loss, scores_of, summary
from tokenizers import Tokenizer
from torch.nn.functional import embedding_bag, normalize
from vocabulary import load_tokenizer

SMOOTHING = 1e-4  # a; of 1e-3, 3e-4, 1e-4 the best on the natural sets
COUNTED = {"folketing.da.txt.xz": 60_000, "europarl.da-en.tsv.xz": 40_000}  # lines read of each
MAP_RATE, WEIGHT_RATE, ANCHOR = 3e-4, 3e-3, 0.1
RECIPE = Recipe(epochs=8, rows=32, temperature=0.1, absolute=3.0)
Bags = tuple[torch.Tensor, torch.Tensor]  # token ids of all texts in a row, and where each text begins


def token_shares(tokenizer: Tokenizer, corpus: Path) -> np.ndarray:
    """The share of each token in the corpora, add-one smoothed; shape (V,)."""
    counts = np.ones(tokenizer.get_vocab_size())
    for name, most in COUNTED.items():
        for encoding in tokenizer.encode_batch(list(lines(corpus, name, most=most)), add_special_tokens=False):
            np.add.at(counts, encoding.ids, 1)
    return counts / counts.sum()


class Static(torch.nn.Module):
    """The table and its weights as they are, a map and a factor a token that learn."""

    def __init__(self, table: torch.Tensor, weights: torch.Tensor, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.table, self.weights, self.tokenizer = table, weights, tokenizer
        self.map = torch.nn.Parameter(torch.eye(table.shape[1]))
        self.factor = torch.nn.Parameter(torch.zeros(len(table)))

    def bags(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids a text; a text without tokens has the unknown one."""
        return [e.ids or [1] for e in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def forward(self, bags: Sequence[Sequence[int]]) -> torch.Tensor:
        """Unit rows."""
        ids = torch.tensor([i for bag in bags for i in bag])
        starts = torch.tensor(np.cumsum([0, *map(len, bags)])[:-1])
        weight = (self.weights * self.factor.exp())[ids]
        return normalize(
            embedding_bag(ids, self.table, starts, mode="sum", per_sample_weights=weight) @ self.map, dim=1
        )


def train(model: Static, sets: list[Set]) -> None:
    """Learn map and factors."""
    torch.manual_seed(RECIPE.seed)
    rng = np.random.default_rng(RECIPE.seed)
    scale = torch.nn.Parameter(torch.tensor([10.0, -4.0]))
    peaks = {model.map: MAP_RATE, model.factor: WEIGHT_RATE, scale: 0.01}
    optimizer = torch.optim.Adam([{"params": [p], "peak": rate} for p, rate in peaks.items()], lr=0.0)
    ready = {
        s["name"]: (model.bags(s["passages"]), model.bags(s["provisions"]), torch.tensor(s["grades"])) for s in sets
    }
    plan = [step for _ in range(RECIPE.epochs) for step in epoch(sets, [], RECIPE, rng)]
    identity = torch.eye(len(model.map))
    for number, (chosen, rows) in enumerate(plan):
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(1.0, (number + 1) / (0.1 * len(plan))) * (1 - number / len(plan))
        passages, provisions, grades = ready[chosen["name"]]
        vectors = model([passages[i] for i in rows]), model(provisions)
        loss = pair_loss(*vectors, grades[torch.from_numpy(rows)], scale, RECIPE)
        loss = loss + ANCHOR * ((model.map - identity) ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model: Static, sets: list[Set]) -> dict[str, list[float]]:
    """As supervise.evaluate."""
    vectors = [[model(model.bags(s[side])).numpy() for side in ("passages", "provisions")] for s in sets]
    return scores_of(sets, [centred(*pair) for pair in vectors])


def pack(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two signed four-bit values a byte, low half first, and one float16 scale a row."""
    scale = np.abs(table).max(axis=1) / 7
    scale = np.where(scale == 0, 1, scale).astype(np.float16)
    values = np.clip(np.round(table / scale[:, None].astype(np.float32)), -7, 7).astype(np.int8) + 8
    return (values[:, ::2] | values[:, 1::2] << 4).astype(np.uint8), scale


def main() -> None:
    """Train and write the encoder's folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--base", default="distilled")
    parser.add_argument("--date", required=True)
    parser.add_argument("--fold", type=int)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("src/policydiff/models_data/static"))
    options = parser.parse_args()

    source = options.work / options.base
    tokenizer = load_tokenizer(source)
    counted = options.work / "shares.npy"
    if not counted.exists():
        np.save(counted, token_shares(tokenizer, options.corpus))
    shares = np.load(counted)
    table = load_file(source / "model.safetensors")[TABLE].float()
    model = Static(table, torch.from_numpy(SMOOTHING / (SMOOTHING + shares)).float(), tokenizer)
    natural = json.loads((options.work / "sets.json").read_text(encoding="utf-8"))["natural"]
    unseen = [] if options.fold is None else natural[options.fold :: options.folds]
    taught = [s for s in natural if s not in unseen]
    train(model, taught)
    _write(model, options.out, options.date, taught, options.work)
    if unseen:
        found = evaluate(model, unseen)
        print(summary(found))
        record = options.work / f"static-{options.fold}"
        write_json(record, "training.json", {"left out": found})


def _write(model: Static, out: Path, date: str, taught: list[Set], work: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        packed, scale = pack((model.table @ model.map).numpy())
        weights = (model.weights * model.factor.exp()).numpy().astype(np.float16)
    save_file({"packed": packed, "scale": scale, "weight": weights}, out / "model.safetensors")
    model.tokenizer.save(str(out / "tokenizer.json"))
    card: dict[str, Any] = {
        "name": "policydiff-static-2",
        "date": date,
        "what": "static Danish-English token vectors, 384 dimensions, four bits; for millions of passages",
        "languages": ["da", "en"],
        "licence": "Apache-2.0",
        "from": sources("distilled"),
        "sets": [s["name"] for s in taught],
        "natural_left_out_ap": left_out(work, "static"),
        "limits": "word order is lost; texts of public consultations; other languages not at all",
        "files": {
            n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in ("model.safetensors", "tokenizer.json")
        },
    }
    write_json(out, "card.json", card)


if __name__ == "__main__":
    main()
