"""``policydiff annotate init | import | agreement`` on the command line."""

import argparse
import sys
from pathlib import Path

from policydiff.annotate.agreeing import Agreement, agreement
from policydiff.annotate.folders import import_gold, init_gold
from policydiff.errors import UnreadableError

_EXCERPT = 240  # characters of a passage that are shown


def configure(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the three commands; ``run`` takes what it parses."""
    parser.description = "Label responses by hand in a spreadsheet, read the labels back, and compare two annotators."
    commands = parser.add_subparsers(dest="annotate_command", required=True, metavar="COMMAND")

    init = commands.add_parser(
        "init",
        help="make a folder with a spreadsheet to label in",
        description="Make a gold folder (docs/gold-format.md) that is not labelled yet, with annotation.xlsx in it: "
        "a row a passage, drop-downs for provisions, grades and stances.",
        epilog="example: policydiff annotate init draft.docx responses/ --out gold/parks",
    )
    init.add_argument("draft", metavar="DRAFT", type=Path, help=".pdf .docx .md .txt, or a corrected policy .json")
    init.add_argument("responses", metavar="RESPONSE", type=Path, nargs="+", help="files, folders, .zip, or tables")
    init.add_argument("--out", metavar="DIR", type=Path, required=True, help="a folder that is new or empty")
    init.add_argument("--language", metavar="CODE", help="of draft and responses: da or en (default: recognised)")

    back = commands.add_parser(
        "import",
        help="read the filled-in spreadsheet into gold.jsonl",
        description="Check the filled-in spreadsheet and write its labels to gold.jsonl. A wrong cell is named by "
        "row and column, and nothing is written.",
    )
    back.add_argument("folder", metavar="DIR", type=Path)
    back.add_argument("--sheet", metavar="FILE", type=Path, help="the spreadsheet (default: DIR/annotation.xlsx)")

    agree = commands.add_parser(
        "agreement",
        help="compare two annotators of the same passages",
        description="F1 and Cohen's kappa of two gold folders of the same passages, then every disagreement.",
    )
    agree.add_argument("one", metavar="DIR", type=Path)
    agree.add_argument("other", metavar="DIR", type=Path)
    agree.add_argument("--json", metavar="FILE", type=Path, help="write all of it here, - for standard output")


def run(options: argparse.Namespace) -> int:
    """Run one command and return the exit status: 1 if a response could not be read, else 0.

    Raises:
        PolicydiffError: there is no result.
    """
    if options.annotate_command == "init":
        return _init(options)
    if options.annotate_command == "import":
        target = import_gold(options.folder, options.sheet)
        print(f"wrote {target}; next: policydiff evaluate {options.folder}")
        return 0
    return _agreement(options)


def _init(options: argparse.Namespace) -> int:
    started = init_gold(options.draft, options.responses, options.out, language=options.language)
    print(
        f"wrote {started.folder}: {started.provisions} provisions, {started.responses} responses, "
        f"{started.passages} passages\nfill in {started.sheet}, then: policydiff annotate import {started.folder}"
    )
    for failure in started.errors:
        print(f"policydiff: {failure.source}: {failure.message}", file=sys.stderr)
    return 1 if started.errors else 0


def _agreement(options: argparse.Namespace) -> int:
    result = agreement(options.one, options.other)
    if options.json is None:
        _show(result)
        return 0
    text = result.model_dump_json(indent=1) + "\n"
    if str(options.json) == "-":
        sys.stdout.write(text)
        return 0
    try:
        options.json.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UnreadableError(
            str(options.json), f"cannot be written ({error.strerror}); choose another place"
        ) from error
    return 0


def _show(result: Agreement) -> None:
    from rich.table import Table

    from policydiff.report import terminal

    out = terminal.console()
    out.print(
        f"{result.passages} passages, {result.provisions} provisions; pairs: {result.one} by the first, "
        f"{result.other} by the second, {result.both} by both"
    )
    out.print(
        f"F1 strict {_number(result.f1_strict)}, relaxed {_number(result.f1_relaxed)}; "
        f"kappa {_number(result.kappa)}; same grade {_number(result.same_grade)}\n"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("stance, on pairs of both", "first", "second", "both", "F1", "kappa"):
        table.add_column(name, justify="left" if name.startswith("stance") else "right")
    for stance, s in result.stances.items():
        table.add_row(stance, str(s.one), str(s.other), str(s.both), _number(s.f1), _number(s.kappa))
    out.print(table)
    out.print(f"\n{len(result.disagreements)} disagreements")
    for case in result.disagreements:
        one, other = (
            f"{grade} {', '.join(stances)}" if grade else "no entry"
            for grade, stances in zip(case.grades, case.stances, strict=True)
        )
        out.print(f"{case.passage}  {case.provision}  {' and '.join(case.what)}: {one} | {other}")
        out.print(f"    {terminal.shortened(case.text, _EXCERPT)}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
