"""A folder of results: Parquet files a table and shard, and a manifest once all is there.

::

    RESULT/
      manifest.json         what made it, the draft, how many records
      responses/000000.parquet …
      passages/  findings/  errors/      likewise
      receipts/000000.json  …            what decided the content of a shard, and the hashes of its files
      tallies.parquet  campaigns.parquet  copied_passages.parquet  resubmissions.parquet      counted over all
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from policydiff.comparing import counted, inputs_of
from policydiff.errors import UnreadableError
from policydiff.models import Comparison, Policy, Provenance, Record, Tally
from policydiff.scale.counting import counted_path
from policydiff.scale.tables import COUNTED, read_columns, read_records

MANIFEST = "manifest.json"
FORMAT = 1


class Manifest(Record):
    """What made a folder of results. ``provenance`` names no inputs but the draft; the responses name theirs."""

    format: int
    provenance: Provenance
    policy: Policy
    shards: int
    counts: dict[str, int]


class ResultFolder:
    """The results in a folder, whole or one record at a time.

    Raises:
        UnreadableError: there is no finished result in it.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        source = str(folder)
        try:
            self.manifest = Manifest.model_validate_json((self.folder / MANIFEST).read_bytes())
        except OSError as error:
            raise UnreadableError(
                source, f"holds no finished result ({MANIFEST}: {error.strerror}); run the same compare again"
            ) from error
        except ValidationError as error:
            raise UnreadableError(source, f"holds a {MANIFEST} that is not ours; compare again") from error
        if self.manifest.format != FORMAT:
            raise UnreadableError(source, f"has format {self.manifest.format}, read is {FORMAT}; compare again")

    def paths(self, table: str) -> list[Path]:
        """The files of a table, in the order of the inputs; what is counted over all has one."""
        if table in COUNTED:
            return [counted_path(self.folder, table)]
        return [self.folder / table / f"{n:06}.parquet" for n in range(self.manifest.shards)]

    def records(self, table: str) -> Iterator[Any]:
        """The records of a table in the order of the inputs; only one shard of them is held.

        Besides "responses", "passages", "findings" and "errors" there are "tallies", "campaigns", "copied_passages"
        and "resubmissions", the same as in ``gather``.

        Raises:
            UnreadableError: a file is missing or damaged.
        """
        for path in self.paths(table):
            with _reading(path):
                yield from read_records(table, path)

    def shard(self, table: str, number: int, columns: Sequence[str] | None = None) -> Any:
        """A table of one shard as pyarrow reads it, or some of its columns.

        Raises:
            UnreadableError: the file is missing or damaged.
        """
        path = self.paths(table)[number]
        with _reading(path):
            return read_columns(table, path, columns)

    def tallies(self) -> tuple[Tally, ...]:
        """The tallies, one a provision in the draft's order.

        Raises:
            UnreadableError: the file is missing or damaged.
        """
        return tuple(self.records("tallies"))

    def gather(self) -> Comparison:
        """All of it as one Comparison, the one that a comparison without a folder gives; it has to fit memory."""
        responses = tuple(self.records("responses"))
        made = self.manifest.provenance
        return counted(
            self.manifest.policy,
            made.model_copy(update={"inputs": made.inputs | inputs_of(responses)}),
            responses,
            tuple(self.records("passages")),
            tuple(self.records("findings")),
            tuple(self.records("errors")),
        )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # pyarrow's errors are of these kinds
        raise UnreadableError(str(path), "is missing or damaged; run the same compare again") from error


def gather(folder: Path | str) -> Comparison:
    """The Comparison in a folder of results.

    Raises:
        UnreadableError: there is no finished result in it.
    """
    return ResultFolder(folder).gather()
