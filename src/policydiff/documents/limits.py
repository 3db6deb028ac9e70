"""The guard that every reader asks, so that no input takes more of the machine than the settings allow."""

import io
import re
import time
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from policydiff.errors import LimitError, UnreadableError
from policydiff.settings import LimitSettings

# Small files may pack well without harm: the ratio counts from this many bytes unpacked.
_RATIO_FROM = 10_000_000
_DECLARES = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_PART_SUFFIXES = (".xml", ".rels")


@dataclass(frozen=True)
class Guard:
    """The limits for one file; ``source`` is what errors call it, ``level`` counts the files it lies within."""

    source: str
    limits: LimitSettings = field(default_factory=LimitSettings)
    level: int = 0
    started: float = field(default_factory=time.monotonic)

    def inside(self, source: str) -> "Guard":
        """The guard of a file within this one, with a time of its own.

        Raises:
            LimitError: it lies deeper than ``nesting``.
        """
        if self.level >= self.limits.nesting:
            raise LimitError(
                source,
                f"lies {self.level + 1} files deep, over documents.limits.nesting ({self.limits.nesting}); "
                "unpack it, or raise the setting",
            )
        return replace(self, source=source, level=self.level + 1, started=time.monotonic())

    def check(self, name: str, value: float, unit: str) -> None:
        """Raises LimitError if ``value`` is over the limit called ``name``."""
        allowed = getattr(self.limits, name)
        if value > allowed:
            raise LimitError(
                self.source,
                f"has {value:,.6g} {unit}, over documents.limits.{name} ({allowed:,.6g}); "
                "give less of it, or raise the setting",
            )

    def tick(self) -> None:
        """Raises LimitError if reading has taken longer than ``seconds``."""
        if time.monotonic() - self.started > self.limits.seconds:
            raise LimitError(
                self.source,
                f"took longer to read than documents.limits.seconds ({self.limits.seconds:g}); "
                "save it in a simpler format, or raise the setting",
            )


def open_zip(file: bytes | Path, guard: Guard) -> zipfile.ZipFile:
    """A .zip or an Office file, after a look at what its directory says will come out of it.

    A directory that lies does not help: ``zipfile`` reads no more of a member than is declared.

    Raises:
        UnreadableError: it is no zip.
        LimitError: it holds too much, too many files, or is packed too well to be honest.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(file) if isinstance(file, bytes) else file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableError(guard.source, f"is no whole zip archive ({error}); pack or save it again") from error
    members = archive.infolist()
    guard.check("zip_files", len(members), "files inside")
    unpacked = sum(m.file_size for m in members)
    guard.check("zip_bytes", unpacked, "bytes unpacked")
    if unpacked > _RATIO_FROM:
        guard.check("zip_ratio", unpacked / max(sum(m.compress_size for m in members), 1), "bytes for each packed")
    return archive


def office_parts(data: bytes, guard: Guard, *names: str) -> dict[str, bytes]:
    """The parts of an Office file that are called ``names``, after a check of all its XML; missing ones are left out.

    Raises:
        UnreadableError: it is no zip, or a part declares XML entities, which no Office program writes.
        LimitError: it holds too much.
    """
    parts: dict[str, bytes] = {}
    with open_zip(data, guard) as archive:
        guard.check("file_bytes", sum(m.file_size for m in archive.infolist()), "bytes unpacked")
        for member in archive.infolist():
            if not member.filename.endswith(_PART_SUFFIXES):
                continue
            guard.tick()
            content = archive.read(member)
            # A DOCTYPE stands at the beginning; manifests of ODF may have one that declares nothing.
            found = _DECLARES.search(content[:100_000].replace(b"\0", b""))
            if found and b"ENTITY" in content[found.start() : found.start() + 100_000].replace(b"\0", b"").upper():
                raise UnreadableError(
                    guard.source, f"{member.filename} declares XML entities, which is not safe; save it again"
                )
            if member.filename in names:
                parts[member.filename] = content
    return parts
