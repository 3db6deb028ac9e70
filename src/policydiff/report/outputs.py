"""The files that the command line writes of a result, checked before the comparing starts."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from policydiff.errors import SettingsError
from policydiff.models import Comparison
from policydiff.report import docx
from policydiff.report.frames import require
from policydiff.report.wording import wording

_FILES = ("html", "docx", "xlsx", "csv", "parquet")
_NEEDS = {"xlsx": "xlsxwriter", "parquet": "pyarrow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that ask for files."""
    group = parser.add_argument_group("files for people and other programs")
    group.add_argument("--html", metavar="FILE", type=Path, help="a web page to read, search, print and send")
    group.add_argument("--docx", metavar="FILE", type=Path, help="a memo (høringsnotat) as a Word document")
    group.add_argument(
        "--memo-template", metavar="FILE", type=Path, help="a .docx or .dotx whose styles and page the memo takes"
    )
    group.add_argument(
        "--hearing", metavar="FILE", type=Path, help="a .toml with authority, case, contact, start, end, heard"
    )
    group.add_argument(
        "--report-language", metavar="CODE", help="of page and memo: da or en (default: that of the draft)"
    )
    group.add_argument("--xlsx", metavar="FILE", type=Path, help="findings, tallies and passages as a spreadsheet")
    group.add_argument("--csv", metavar="FOLDER", type=Path, help="the same, a .csv file a table")
    group.add_argument("--parquet", metavar="FOLDER", type=Path, help="the same, a .parquet file a table")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Which files to write, and with what."""

    targets: dict[str, Path]
    template: Path | None
    hearing: docx.Hearing | None
    language: str | None

    def write(self, result: Comparison) -> bool:
        """Write them; returns whether any was asked for.

        Raises:
            UnreadableError: a file cannot be written.
        """
        if target := self.targets.get("html"):
            from policydiff.report import html

            html.write(result, target, language=self.language)
        if target := self.targets.get("docx"):
            docx.write(result, target, language=self.language, template=self.template, hearing=self.hearing)
        if target := self.targets.get("xlsx"):
            from policydiff.report import tables_xlsx

            tables_xlsx.write_xlsx(result, target)
        if "csv" in self.targets or "parquet" in self.targets:
            from policydiff.report import tables_files

            if target := self.targets.get("csv"):
                tables_files.write_csv(result, target)
            if target := self.targets.get("parquet"):
                tables_files.write_parquet(result, target)
        return bool(self.targets)


def asked(options: argparse.Namespace) -> Outputs:
    """What ``options`` ask for; what would make it fail at the end fails here.

    Raises:
        SettingsError: a missing package, an unknown language, or an option of a file that is not asked for.
        UnreadableError: the template or the hearing cannot be read.
    """
    targets = {name: getattr(options, name) for name in _FILES if getattr(options, name) is not None}
    for name in targets:
        if name in _NEEDS:
            require(_NEEDS[name])
    for option in ("memo_template", "hearing"):
        if getattr(options, option) is not None and "docx" not in targets:
            raise SettingsError(f"--{option.replace('_', '-')} is about the memo; give --docx FILE as well")
    if options.report_language is not None:
        if not {"html", "docx"} & set(targets):
            raise SettingsError("--report-language is of the page and the memo; give --html or --docx FILE as well")
        wording(options.report_language)
    if options.memo_template is not None:
        from policydiff.report.docx.template import opened

        opened(options.memo_template)
    hearing = None if options.hearing is None else docx.load_hearing(options.hearing)
    return Outputs(targets, options.memo_template, hearing, options.report_language)
