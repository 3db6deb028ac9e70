"""ArgKP-2021, Key Point Matching: the key point that an argument makes.

    python -m benchmarks argkp --data DIR

DIR is the repository of the shared task (https://github.com/IBM/KPA_2021_shared_task, data CDLA-Sharing-1.0) or
a folder with its kpm_data/. Measured on the development part (four topics, both stances), which nothing
in policydiff was trained on. An argument is a passage, a key point a provision, a topic with a stance a draft.

The measure is that of track 1 (Friedman et al. 2021, "Overview of the 2021 Key Point Analysis Shared Task"):
each argument keeps its best key point; of each topic and stance the surer half of the arguments is kept, rounded
down; a pair that the annotators left undecided has no label and is wrong under *strict*, right under *relaxed*;
the mean over topics and stances of the average precision. The organisers' script was corrected on 23 September
2021: the average precision is multiplied by the share of the kept pairs that are right, since otherwise a system
that finds few but puts them first would get full marks. ``map_strict`` and ``map_relaxed`` are corrected; the
``uncorrected`` ones are for comparison with figures published before that day, and are much higher.
"""

import argparse
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from benchmarks.baselines import BASELINES
from benchmarks.public_data import OURS, add_arguments, checksums, encoders, left_out, read_published
from policydiff.errors import UnreadableError
from policydiff.evidence.embeddings import Encoder, Remembering, centred_cosines, unit
from policydiff.evidence.gathering import Gatherer
from policydiff.evidence.lexical import LexicalMatcher
from policydiff.evidence.tagger import comparing_tagger
from policydiff.findings.align import AlignmentModel
from policydiff.models import Policy, Provision
from policydiff.settings import Settings

LAYOUT = "kpm_data/arguments_dev.csv, key_points_dev.csv and labels_dev.csv of ArgKP-2021"
FILES = ("kpm_data/arguments_dev.csv", "kpm_data/key_points_dev.csv", "kpm_data/labels_dev.csv")

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Group:
    """A topic with a stance. ``labels`` has shape (arguments, key points): 1, 0, or NaN where undecided."""

    topic: str
    stance: str
    arguments: tuple[str, ...]
    key_points: tuple[str, ...]
    labels: Scores


def read_groups(folder: Path) -> list[Group]:
    """The development part, by topic and stance.

    Raises:
        UnreadableError: a file or a column is missing.

    """
    columns = (
        ("arg_id", "argument", "topic", "stance"),
        ("key_point_id", "key_point", "topic", "stance"),
        ("arg_id", "key_point_id", "label"),
    )
    arguments, key_points, labelled = (_rows(folder, name, wanted) for name, wanted in zip(FILES, columns, strict=True))
    label = {(r["arg_id"], r["key_point_id"]): float(r["label"]) for r in labelled}
    groups = []
    for topic, stance in sorted({(r["topic"], r["stance"]) for r in arguments}):
        ours = [r for r in arguments if (r["topic"], r["stance"]) == (topic, stance)]
        points = [r for r in key_points if (r["topic"], r["stance"]) == (topic, stance)]
        labels = [[label.get((a["arg_id"], k["key_point_id"]), np.nan) for k in points] for a in ours]
        groups.append(
            Group(
                topic,
                stance,
                tuple(a["argument"] for a in ours),
                tuple(k["key_point"] for k in points),
                np.array(labels),
            )
        )
    return groups


def _rows(folder: Path, name: str, wanted: Sequence[str]) -> list[dict[str, str]]:
    text = read_published(folder, name, LAYOUT).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows or not set(wanted) <= set(rows[0]):
        raise UnreadableError(str(folder / name), f"has not the columns {', '.join(wanted)}; expected {LAYOUT}")
    return rows


def average_precision(confidence: Scores, right: npt.NDArray[np.bool_], *, corrected: bool = True) -> float:
    """Of one group: the best pair of each argument, its confidence and whether it is right."""
    kept = np.argsort(-confidence, kind="stable")[: len(confidence) // 2]
    if not right[kept].any():
        return 0.0
    precision = float(average_precision_score(right[kept], confidence[kept]))
    return precision * float(right[kept].mean()) if corrected else precision


def measures(groups: Sequence[Group], scores: Sequence[Scores]) -> dict[str, float]:
    """The mean average precisions of one system, from its scores of shape (arguments, key points) a group."""
    found: dict[str, list[float]] = {}
    for group, matrix in zip(groups, scores, strict=True):
        best = matrix.argmax(axis=1)
        rows = np.arange(len(best))
        confidence, label = matrix[rows, best], group.labels[rows, best]
        for kind, right in (("strict", label == 1), ("relaxed", label != 0)):
            for name, corrected in ((f"map_{kind}", True), (f"map_{kind}_uncorrected", False)):
                found.setdefault(name, []).append(average_precision(confidence, right, corrected=corrected))
    order = ("map_strict", "map_relaxed", "map_strict_uncorrected", "map_relaxed_uncorrected")
    return {name: round(float(np.mean(found[name])), 4) for name in order}


def as_policy(group: Group) -> Policy:
    """The key points as the provisions of a draft, which is nothing but them."""
    provisions, at = [], 0
    for number, point in enumerate(group.key_points, 1):
        end = at + len(point)
        provisions.append(Provision(id=f"k{number}", kind="key point", title=point, text=point, start=at, end=end))
        at = end + 1
    text = "\n".join(group.key_points)
    return Policy(id="argkp", title=group.topic, language="en", text=text, provisions=tuple(provisions))


def plain_cosine(group: Group, encoder: Encoder) -> Scores:
    """Cosines of the vectors as they are."""
    arguments, key_points = (unit(encoder.encode(texts)) for texts in (group.arguments, group.key_points))
    return (arguments @ key_points.T).astype(np.float64)


def centred_cosine(group: Group, encoder: Encoder) -> Scores:
    """Cosines with the arguments of the group as the passages that are centred together."""
    return centred_cosines(
        encoder, group.arguments, group.key_points, shrinkage=Settings().evidence.similarity_shrinkage
    ).astype(np.float64)


def lexical(group: Group) -> Scores:
    """The mean of the three lexical closenesses."""
    return LexicalMatcher(group.key_points, group.key_points).scores(group.arguments).mean(axis=2)


def alignment(group: Group, encoder: Remembering, model: AlignmentModel, *, together: bool) -> Scores:
    """The confidence of the whole alignment model, each argument a response of its own.

    ``together`` centres the similarity on all arguments of the group instead of on the one alone.
    """
    shrinkage, tagger = Settings().evidence.similarity_shrinkage, comparing_tagger(encoder.encoder)
    gatherer = Gatherer(as_policy(group), encoder, shrinkage=shrinkage, tagger=tagger)
    whole, closest = gatherer.similarity.scores(gatherer.read(group.arguments)[0])
    rows = []
    for number, argument in enumerate(group.arguments):
        gathered = gatherer.gather([argument], [""])
        if together:
            row = slice(number, number + 1)
            gathered = replace(gathered, similarity=whole[row].astype(float), closest=closest[row].astype(float))
        rows.append(model.confidence(gathered))
    return np.concatenate(rows)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    add_arguments(parser, LAYOUT)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Every system on the development part.

    Raises:
        UnreadableError: ``--data`` does not hold the published files.

    """
    groups = read_groups(options.data)
    found, model = encoders(options.encoder), AlignmentModel()
    systems = {name: [system(g.arguments, g.key_points) for g in groups] for name, system in BASELINES.items()}
    for name, encoder in found.items():
        systems[f"{name}, cosine"] = [plain_cosine(g, encoder) for g in groups]
        systems[f"{name}, centred cosine"] = [centred_cosine(g, encoder) for g in groups]
    systems |= {
        "policydiff lexical": [lexical(g) for g in groups],
        "policydiff alignment, each argument alone": [alignment(g, found[OURS], model, together=False) for g in groups],
        "policydiff alignment, centred together": [alignment(g, found[OURS], model, together=True) for g in groups],
    }
    return {
        "benchmark": "argkp",
        "measured_on": f"dev, {len(groups)} groups, {sum(len(g.arguments) for g in groups)} arguments",
        "rows": [{"system": name, **measures(groups, scores)} for name, scores in systems.items()],
        "left_out": left_out(),
        "models": {"encoder": found[OURS].name, "alignment": model.name},
        "data": checksums(options.data, FILES, LAYOUT),
    }
