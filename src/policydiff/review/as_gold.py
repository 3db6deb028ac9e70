"""A corrected result as a gold folder (docs/gold-format.md): what officers decided, to fit and to measure with."""

from collections import defaultdict
from pathlib import Path

from policydiff.annotate.folders import ensure_free, ensure_told_apart, write_folder
from policydiff.errors import InputError
from policydiff.findings.corrections import by_hand
from policydiff.gold import GoldAlignment, GoldPassage, read_gold
from policydiff.models import Comparison

BY_HAND = "by_hand"  # the phenomenon of passages that somebody decided on


def write_gold(comparison: Comparison, out: Path | str, *, decided_only: bool = False) -> Path:
    """Write a corrected result as a gold folder that is new or empty, and return its path.

    An accepted finding is grade 2 with its labels; evidence is left out, since nobody marked it. Passages that
    somebody decided on have the phenomenon ``by_hand``, the others carry what was found, unseen by anyone; with
    ``decided_only`` these are left out. So are formalities and repetitions in which nothing was found.

    Raises:
        InputError: the folder has something in it, no decision was made, or two provisions cannot be told apart.
    """
    out = Path(out)
    ensure_free(out)
    ensure_told_apart(comparison.policy, str(out))
    decided = {passage for passage, _ in by_hand(comparison)}
    if not decided:
        raise InputError(str(out), "not made, since the result holds no correction; `policydiff apply` a review first")
    alignments: dict[str, list[GoldAlignment]] = defaultdict(list)
    for f in comparison.findings:
        if f.accepted:
            alignments[f.passage_id].append(GoldAlignment(provision=f.provision_id, grade=2, stances=f.labels))
    passages: dict[str, list[GoldPassage]] = {r.id: [] for r in comparison.responses}
    for p in comparison.passages:
        judged = p.disposition not in ("boilerplate", "duplicate") or p.id in decided
        if judged and (p.id in decided or not decided_only):
            passages[p.response_id].append(
                GoldPassage(
                    response=p.response_id,
                    passage=p.id,
                    start=p.start,
                    end=p.end,
                    section=p.section or None,
                    text=p.text,
                    alignments=tuple(alignments[p.id]),
                    phenomena=(BY_HAND,) if p.id in decided else (),
                )
            )
    write_folder(
        out,
        draft=("draft.json", comparison.policy.model_dump_json(indent=1).encode()),
        policy=comparison.policy,
        responses=[(r, passages[r.id]) for r in comparison.responses],
    )
    read_gold(out)
    return out
