"""``policydiff review`` and ``policydiff apply`` on the command line."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from policydiff.errors import SettingsError, UnreadableError
from policydiff.results import load_result
from policydiff.review.applying import apply_review
from policydiff.review.as_gold import write_gold
from policydiff.review.sheet import write_review

if TYPE_CHECKING:
    from policydiff.models import Comparison


def configure(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the two commands; ``run_review`` and ``run_apply`` take what they parse."""
    review = commands.add_parser(
        "review",
        help="write the uncertain findings to a spreadsheet, to be decided by hand",
        description="Write the findings marked for review that nobody decided on yet to a spreadsheet with drop-downs "
        "(docs/review.md).",
        epilog="example: policydiff review result.json --out review.xlsx",
    )
    review.add_argument("result", metavar="RESULT.json", type=Path)
    review.add_argument("--out", metavar="REVIEW.xlsx", type=Path, required=True, help="is never overwritten")
    review.add_argument("--stances", action="store_true", help="also those with a stance near the probability it needs")
    review.add_argument("--all", action="store_true", help="all accepted findings, and all that were decided before")
    review.add_argument("--language", metavar="CODE", help="of the sheet: da or en (default: that of the draft)")

    apply = commands.add_parser(
        "apply",
        help="read a filled-in review into the result",
        description="Check a filled-in review and write the corrected result, with who decided what, when and why. A "
        "wrong cell is named by sheet, row and column, and nothing is written.",
        epilog="example: policydiff apply result.json review.xlsx --out corrected.json",
    )
    apply.add_argument("result", metavar="RESULT.json", type=Path)
    apply.add_argument("review", metavar="REVIEW.xlsx", type=Path)
    apply.add_argument("--out", metavar="CORRECTED.json", type=Path, required=True)
    apply.add_argument("--reviewer", metavar="NAME", default="", help="who decided where the sheet does not say")
    apply.add_argument("--gold", metavar="FOLDER", type=Path, help="also write a gold folder, new or empty")
    apply.add_argument("--decided-only", action="store_true", help="in it only the passages somebody decided on")


def run_review(options: argparse.Namespace) -> int:
    """Write the spreadsheet; returns the exit status 0.

    Raises:
        PolicydiffError: there is no spreadsheet.
    """
    if options.out.exists():
        raise UnreadableError(str(options.out), "exists, and may hold decisions; choose another name")
    result = load_result(options.result)
    count = write_review(
        result, options.out, everything=options.all, stances=options.stances, language=options.language
    )
    print(
        f"wrote {options.out}: {count} findings to decide on; fill it in, then:\n"
        f"policydiff apply {options.result} {options.out} --out CORRECTED.json"
    )
    return 0


def run_apply(options: argparse.Namespace) -> int:
    """Write the corrected result, and the gold folder if asked for; returns the exit status 0.

    Raises:
        PolicydiffError: there is no corrected result.
    """
    if options.decided_only and options.gold is None:
        raise SettingsError("--decided-only is about the gold folder; give --gold FOLDER as well")
    applied = apply_review(load_result(options.result), options.review, reviewer=options.reviewer)
    if options.gold is not None:
        write_gold(applied.comparison, options.gold, decided_only=options.decided_only)
    _write(applied.comparison, options.out)
    total = len(applied.comparison.corrections)
    print(f"wrote {options.out}: {len(applied.new)} new decisions, {applied.known} known before, {total} in all")
    for c in applied.superseded:
        print(f"{c.passage_id} {c.provision_id}: {c.reviewer} decided later ({c.at:%Y-%m-%d %H:%M} UTC): {c.verdict}")
    if options.gold is not None:
        print(f"wrote {options.gold}; next: policydiff evaluate {options.gold}")
    return 0


def _write(comparison: "Comparison", target: Path) -> None:
    try:
        target.write_text(comparison.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UnreadableError(str(target), f"cannot be written ({error.strerror}); choose another place") from error
