"""The tables as files: a .csv or a .parquet file a table, in a folder."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from policydiff.errors import UnreadableError
from policydiff.models import Comparison
from policydiff.report.frames import require, to_frame
from policydiff.report.tables import KINDS, columns

# A spreadsheet takes a cell that begins with one of these for a formula (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Errors of the file system as ours.

    Raises:
        UnreadableError: ``target`` cannot be written.
    """
    try:
        yield
    except OSError as error:
        message = f"cannot be written ({error.strerror or error}); choose another place"
        raise UnreadableError(str(target), message) from error


def write_csv(comparison: Comparison, folder: Path) -> None:
    """Write every table to ``folder`` as UTF-8 with a byte order mark, so that Excel reads its letters right.

    A text that a spreadsheet would take for a formula gets a leading apostrophe; parquet files and frames have
    texts as they are. Several texts in one cell stand with "; " between them.

    Raises:
        UnreadableError: the folder or a file in it cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            table = columns(comparison, kind)
            with (folder / f"{kind}.csv").open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow([c.name for c in table])
                writer.writerows(zip(*([_cell(v) for v in c.values] for c in table), strict=True))


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        value = "; ".join(value)
    if isinstance(value, str):
        return "'" + value if value.startswith(FORMULA_STARTS) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value  # the writer makes an empty cell of None


def write_parquet(comparison: Comparison, folder: Path) -> None:
    """Write every table to ``folder``; types are kept, several texts are a list.

    Raises:
        SettingsError: pyarrow is not installed.
        UnreadableError: the folder or a file in it cannot be written.
    """
    require("pyarrow")
    from pyarrow import parquet

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            parquet.write_table(
                to_frame(comparison, kind, library="pyarrow"), folder / f"{kind}.parquet", compression="zstd"
            )
