"""What was found in passages before, kept on disk, so that a second run over a grown folder pays for what is new.

The unit is all passages of a response together, since they are judged in one another's light (what is carried from
the passage before, the mean that similarities are centred on). Two responses of the same words share an entry.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from policydiff.documents import Block
from policydiff.errors import SettingsError
from policydiff.findings.cache_file import CacheFile
from policydiff.models import Finding, Passage

Found = tuple[tuple[Passage, ...], tuple[Finding, ...]]

_FOUND: TypeAdapter[Found] = TypeAdapter(Found)
# A write is in the file when it is committed, in the disk's own time: a power cut loses the last entries, no more.
_OPENING = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL")

# These show, measure or fit; what is found does not depend on them.
_NOT_DECIDING = {"annotate", "evaluation", "fitting", "report", "review", "cli.py"}


@cache
def source_of(package: Path | None = None) -> str:
    """A SHA-256 of the code and the word lists that decide what is found, of this package or of another copy.

    Within one version they change for a developer only, who must not be given what the code before found.
    """
    root = Path(str(files("policydiff"))) if package is None else package
    content = hashlib.sha256()
    for path in sorted((*root.rglob("*.py"), *root.rglob("*.toml"))):
        parts = path.relative_to(root).parts
        if parts[0] not in _NOT_DECIDING:
            content.update("/".join(parts).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()


def identity(model: object) -> str:
    """The ``name`` of a model, and the ``digest`` that tells it from others of that name if it has one.

    Raises:
        SettingsError: it has no name, so that nobody could tell it from another.
    """
    name = getattr(model, "name", "")
    if not name:
        raise SettingsError(
            f"results of {type(model).__qualname__} cannot be kept; give it a `name` that changes with it"
        )
    return f"{name} {getattr(model, 'digest', '')}".rstrip()


def key_of(blocks: Sequence[Block], language: str, basis: Mapping[str, str]) -> str:
    """A SHA-256 of passages and of all that decides what is found in them (see Comparer.basis)."""
    content = [language, sorted(basis.items()), [astuple(block) for block in blocks]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def renamed(found: Found, response_id: str) -> Found:
    """The same passages and findings in a response of another id."""

    def new(passage_id: str) -> str:
        return f"{response_id}/{passage_id.rpartition('/')[2]}"

    passages, findings = found
    return (
        tuple(p.model_copy(update={"id": new(p.id), "response_id": response_id}) for p in passages),
        tuple(f.model_copy(update={"passage_id": new(f.passage_id)}) for f in findings),
    )


class KeptFindings:
    """Findings by key, in a CacheFile in ``folder`` that threads and processes of one machine may share.

    An entry that cannot be read counts as missing.

    Raises:
        SettingsError: the file cannot be made.
    """

    def __init__(self, folder: Path | str) -> None:
        self._file = CacheFile(Path(folder) / "findings.sqlite", "found", _OPENING)

    def get(self, key: str) -> Found | None:
        """What was found, None where that is not known."""
        try:
            value = self._file.get([key]).get(key)
            return None if value is None else _FOUND.validate_json(zlib.decompress(value))
        except (zlib.error, ValidationError, TypeError):
            return None

    def put(self, key: str, found: Found) -> None:
        """Keep what was found."""
        self._file.put({key: zlib.compress(_FOUND.dump_json(found), level=1)})  # its checksum tells a damaged entry
