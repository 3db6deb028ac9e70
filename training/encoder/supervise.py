"""Step 5: the encoder learns which provision a passage is about.

A batch is some passages of one consultation and all its provisions, centred and compared as a comparison does it.
Two losses: the softmax over the provisions of each passage that has one (rank), and the logistic loss of every
pair (so that cosines mean the same in every passage). A third term holds the vectors near the base's.

    python training/encoder/supervise.py --work DIR --out small [--device cuda]
    python training/encoder/supervise.py --work DIR --out fold --fold 0 --folds 2

The second form leaves every second set out and prints average precision on it: what choices are made by, and the
encoders whose scores of a set the alignment may be fitted on.
"""

import argparse
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from student import Student, autocast
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

LENGTH = 160
SHRINKAGE = 8.0
Set = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """How it is trained; all chosen by leaving sets out of ``natural``."""

    rate: float = 5e-5
    table_rate: float = 0.0
    epochs: int = 4
    layers: int = 6  # the upper ones that learn
    rows: int = 24
    temperature: float = 0.1
    absolute: float = 3.0
    anchor: float = 0.0
    dropout: float = 0.1
    averaging: float = 0.98
    public: float = 0.0  # share of steps on ArgKP and PERSPECTRUM
    seed: int = 0


def train(base: Path, sets: list[Set], public: list[Set], recipe: Recipe, device: str) -> Student:
    """The base, supervised with the sets."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    student = Student.load(base, dropout=recipe.dropout).to(device)
    groups = _free(student, recipe)
    scale = torch.nn.Parameter(torch.tensor([10.0, -4.0], device=device))
    optimizer = torch.optim.AdamW([*groups, {"params": [scale], "peak": 0.01}], lr=0.0, weight_decay=0.01)
    learned = [p for g in groups for p in g["params"]]
    average = [p.detach().clone() for p in learned]
    prepared = {id(s): _prepare(student, s, recipe) for s in [*sets, *public]}
    plan = [step for _ in range(recipe.epochs) for step in epoch(sets, public, recipe, rng)]
    student.train()
    for number, (chosen, rows) in enumerate(plan):
        done = number / len(plan)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(1.0, (number + 1) / (0.1 * len(plan))) * (1 - done)
        with autocast(student.bert.device):
            loss = _loss(student, prepared[id(chosen)], rows, scale, recipe)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        decay = min(recipe.averaging, number / (number + 10))
        with torch.no_grad():
            torch._foreach_lerp_(average, [p.detach() for p in learned], 1 - decay)
    with torch.no_grad():
        for parameter, mean in zip(learned, average, strict=True):
            parameter.copy_(mean)
    return student.eval()


def _free(student: Student, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameter groups that learn; the others are frozen."""
    first = student.bert.config.num_hidden_layers - recipe.layers
    body, tables = [], []
    for name, parameter in student.bert.named_parameters():
        layer = int(name.split(".")[2]) if name.startswith("encoder.layer.") else -1
        if layer >= first or (layer < 0 and recipe.table_rate and "word_embeddings" not in name):
            body.append(parameter)
        elif "word_embeddings" in name and recipe.table_rate:
            tables.append(parameter)
        else:
            parameter.requires_grad_(False)
    groups = [{"params": body, "peak": recipe.rate}]
    return [*groups, {"params": tables, "peak": recipe.table_rate}] if tables else groups


def _prepare(student: Student, one: Set, recipe: Recipe) -> dict[str, Any]:
    ready = {
        "passages": student.tokens(one["passages"], LENGTH),
        "provisions": student.tokens(one["provisions"], LENGTH),
        "grades": torch.tensor(one["grades"], device=student.bert.device),
    }
    if recipe.anchor:
        for side in ("passages", "provisions"):
            ready[f"{side} before"] = torch.from_numpy(student.encode(one[side], length=LENGTH)).to(student.bert.device)
    return ready


def epoch(sets: list[Set], public: list[Set], recipe: Recipe, rng: np.random.Generator) -> list[tuple[Set, np.ndarray]]:
    """The steps of an epoch: every passage of the sets once, and steps on public sets by their share."""

    def steps(one: Set) -> list[tuple[Set, np.ndarray]]:
        order = rng.permutation(len(one["passages"]))
        return [(one, part) for part in np.array_split(order, max(1, round(len(order) / recipe.rows)))]

    own = [step for s in sets for step in steps(s)]
    if public and recipe.public:
        others = [step for s in public for step in steps(s)]
        count = min(len(others), round(len(own) * recipe.public / (1 - recipe.public)))
        own += [others[i] for i in rng.permutation(len(others))[:count]]
    return [own[i] for i in rng.permutation(len(own))]


def _loss(student: Student, one: dict[str, Any], rows: np.ndarray, scale: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    texts = [*(one["passages"][i] for i in rows), *one["provisions"]]
    vectors = student(texts).float()
    passages, provisions = vectors[: len(rows)], vectors[len(rows) :]
    grades = one["grades"][torch.from_numpy(rows).to(vectors.device)]
    loss = pair_loss(passages, provisions, grades, scale, recipe)
    if recipe.anchor:
        index = torch.from_numpy(rows).to(vectors.device)
        before = torch.cat([one["passages before"][index], one["provisions before"]])
        loss = loss + recipe.anchor * (1 - (vectors * before).sum(1)).mean()
    return loss


def pair_loss(
    passages: torch.Tensor, provisions: torch.Tensor, grades: torch.Tensor, scale: torch.Tensor, recipe: Recipe
) -> torch.Tensor:
    """Rank and absolute loss of unit rows of passages and provisions, centred as a comparison does it."""
    own = len(passages) / (len(passages) + SHRINKAGE)
    centre = own * passages.mean(0) + (1 - own) * provisions.mean(0)
    cosine = normalize(passages - centre, dim=1) @ normalize(provisions - provisions.mean(0), dim=1).T
    right = torch.where((grades == 2).any(1, keepdim=True), grades == 2, grades == 1)
    loss = _rank(cosine / recipe.temperature, right, grades)
    if not recipe.absolute:
        return loss
    counted = grades != 1
    logits = (scale[0] * cosine + scale[1])[counted]
    return loss + 5 * recipe.absolute * binary_cross_entropy_with_logits(logits, (grades == 2)[counted].float())


def _rank(logits: torch.Tensor, right: torch.Tensor, grades: torch.Tensor) -> torch.Tensor:
    """Mean negative log-share of each right provision against the wrong ones of its passage."""
    wrong = torch.where(grades == 0, logits, -1e4).logsumexp(1, keepdim=True)
    each = torch.logaddexp(logits, wrong) - logits
    return each[right].mean() if right.any() else logits.sum() * 0


def centred(passages: np.ndarray, provisions: np.ndarray) -> np.ndarray:
    """Cosines after each side's mean is taken away."""
    sides = [side - side.mean(0) for side in (passages, provisions)]
    left, right = (side / np.linalg.norm(side, axis=1, keepdims=True).clip(1e-9) for side in sides)
    return left @ right.T


def evaluate(student: Student, sets: list[Set]) -> dict[str, list[float]]:
    """Strict average precision and top-1 of each set, by name with its language before."""
    return scores_of(sets, [centred(student.encode(s["passages"]), student.encode(s["provisions"])) for s in sets])


def scores_of(sets: list[Set], scores: list[np.ndarray]) -> dict[str, list[float]]:
    """The same, of given scores."""
    from sklearn.metrics import average_precision_score

    found = {}
    for one, pairs in zip(sets, scores, strict=True):
        grades = np.array(one["grades"])
        counted, about = grades.ravel() != 1, (grades == 2).any(1)
        precision = average_precision_score((grades == 2).ravel()[counted], pairs.ravel()[counted])
        top = np.take_along_axis(grades, pairs.argmax(1)[:, None], 1)[about, 0] > 0
        found[f"{one['language']} {one['name']}"] = [round(float(precision), 4), round(float(top.mean()), 4)]
    return found


def summary(found: dict[str, list[float]]) -> str:
    """Means by language."""
    parts = []
    for language in ("da", "en"):
        rows = [v for k, v in found.items() if k.startswith(language)]
        if rows:
            precision, top = np.mean(rows, axis=0)
            parts.append(f"{language} AP {precision:.3f} top-1 {top:.3f} ({len(rows)} sets)")
    return ", ".join(parts)


def main() -> None:
    """Train with all sets, or without one fold of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--base", default="start")
    parser.add_argument("--out", default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--fold", type=int)
    parser.add_argument("--folds", type=int, default=9)
    for field in fields(Recipe):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    options = parser.parse_args()

    recipe = Recipe(**{f.name: getattr(options, f.name) for f in fields(Recipe)})
    found = json.loads((options.work / "sets.json").read_text(encoding="utf-8"))
    natural = found["natural"]
    public = [*found.get("argkp", []), *found.get("perspectrum", [])]
    left_out = [] if options.fold is None else natural[options.fold :: options.folds]
    taught = [s for s in natural if s not in left_out]
    student = train(options.work / options.base, taught, public, recipe, options.device)
    out = options.work / (options.out if options.fold is None else f"{options.out}-{options.fold}")
    student.save(out)
    card = {"base": options.base, "recipe": asdict(recipe), "sets": [s["name"] for s in taught]}
    if left_out:
        card["left out"] = evaluate(student, left_out)
        print(summary(card["left out"]))
    (out / "training.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
