"""What was named on a command line or in a call, as documents: files, folders, archives and tables of responses."""

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from policydiff.documents.limits import Guard, open_zip
from policydiff.documents.masking import mask_document
from policydiff.documents.people import PEOPLE_FILES, People, Person
from policydiff.documents.reading import Document, document_from_bytes, file_bytes
from policydiff.documents.sheets import TABLE_SUFFIXES
from policydiff.documents.tables import files_named, read_rows
from policydiff.errors import InputError, UnreadableError, brief
from policydiff.settings import DocumentSettings

Source = Path | str | Document


@dataclass(frozen=True, slots=True)
class Unread:
    """A file as bytes, to be read by whoever has time: it needs nothing of the folder or archive it came from."""

    name: str
    source: str
    data: bytes
    level: int = 0  # files that it lies within
    person: Person | None = None  # what a table of respondents says of it

    def read(self, settings: DocumentSettings) -> Document:
        """The document in the file.

        Raises:
            InputError: as ``read_document``.
        """
        guard = Guard(self.source, settings.limits, self.level)
        document = document_from_bytes(self.name, self.data, self.source, guard=guard)
        if self.person is not None:
            document = self.person.applied(document)
        return mask_document(document) if settings.mask else document


# What is given in the place of one response.
Given = Document | Unread | InputError


def read_given(given: Given, settings: DocumentSettings) -> Document | InputError:
    """The document, read now if it was not yet, or why there is none."""
    if not isinstance(given, Unread):
        return given
    try:
        return given.read(settings)
    except InputError as error:
        return error


# What operating systems leave in folders and archives.
_NOT_WRITTEN = frozenset(("thumbs.db", "desktop.ini", "__macosx"))
_MANY = TABLE_SUFFIXES | {".zip"}


def response_files(paths: Iterable[Path | str]) -> list[Path]:
    """The files named, and all files under the folders named, sorted within each folder.

    A path that comes up twice is taken once. Hidden files, those that operating systems leave, and the lock files
    of Office ("~$svar.docx") are left out. Files of unknown formats, folders that cannot be opened or are empty,
    and paths that do not exist are kept, so that they are reported and not lost.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if _is_folder(path):
            files += sorted(_inside(path)) or [path]
        else:
            files.append(path)
    return list(dict.fromkeys(files))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _inside(folder: Path) -> list[Path]:
    closed: list[Path] = []
    found: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = [name for name in folders if not _left_out(name)]
        found += [Path(root, name) for name in names if not _left_out(name)]
    return found + closed


def _left_out(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in _NOT_WRITTEN


@dataclass(frozen=True)
class _Item:
    """A file on disk or in an archive; ``key`` tells it from others, ``beside`` finds one by its name from there."""

    name: str
    source: str
    key: Any
    load: Callable[[Guard], bytes]
    beside: Callable[[str], "_Item | None"]
    path: Path | None = None

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()


class ResponseInputs:
    """The documents in ``sources``, one after the other, with an error in place of each that cannot be read.

    ``sources`` are files, folders, archives (.zip), tables with a row a response, and Documents. A document's
    ``source`` is its path from the folder that all named ones have in common; of sources that come from an
    iterator, which nobody can look through beforehand, it is the name, or the path as given where the name was
    there before. A table called respondents.csv overrides the respondents found.

    Only one document is held at a time. ``total`` is the number there will be, None where that is not known.
    """

    def __init__(self, sources: Iterable[Source], settings: DocumentSettings | None = None) -> None:
        self.settings = settings or DocumentSettings()
        self._people = People()
        self._taken: set[Any] = set()
        self._names: set[str] = set()
        self._given: list[_Item | Document] | None = None
        self._lazy: Iterable[Source] = ()
        if isinstance(sources, Sequence):
            self._given = self._expanded(sources)
            files = [given for given in self._given if isinstance(given, _Item)]
            people = sum(item.name.lower() in PEOPLE_FILES for item in files)
            many = sum(item.suffix in _MANY for item in files) > people
            self.total = None if many else len(self._given) - people
        else:
            self._lazy = sources
            self.total = None

    def __iter__(self) -> Iterator[Document | InputError]:
        return (read_given(given, self.settings) for given in self.unread())

    def unread(self) -> Iterator[Given]:
        """The same in the same order, single files not yet read: one of these is one document or one error."""
        if self.settings.respondents is not None:
            path = Path(self.settings.respondents)
            guard = Guard(path.name, self.settings.limits)
            self._people.add(path.name, _path_bytes(path, guard), guard)
            self._taken.add(path.resolve())
        if self._given is not None:
            yield from self._read(self._given)
        else:
            for source in self._lazy:
                yield from self._read(self._expanded([source]))
        yield from self._people.unused()

    def _expanded(self, sources: Sequence[Source]) -> list[_Item | Document]:
        paths = [Path(s) for s in sources if not isinstance(s, Document)]
        roots = [p.absolute() if _is_folder(p) else p.absolute().parent for p in paths]
        base = Path(os.path.commonpath(roots)) if roots else Path()
        found: dict[Any, _Item | Document] = {}
        for n, source in enumerate(sources):
            if isinstance(source, Document):
                found["document", n] = source
                continue
            for path in response_files([source]):
                if path not in found:
                    found[path] = self._on_disk(path, base)
        return list(found.values())

    def _on_disk(self, path: Path, base: Path) -> _Item:
        try:
            source = path.absolute().relative_to(base).as_posix()
        except ValueError:
            source = path.name
        source = path.name or str(path) if source == "." else source
        if source in self._names:
            source = path.as_posix()
        self._names.add(source)

        def beside(name: str) -> _Item | None:
            other = path.parent / name.replace("\\", "/")
            try:
                resolved = other.resolve()
                # A table may only name files in its own folder, lest it read what is not the sender's.
                if not resolved.is_relative_to(path.parent.resolve()) or not resolved.is_file():
                    return None
            except (OSError, ValueError):
                return None
            return self._file(resolved, name)

        return replace(self._file(path, source), beside=beside)

    def _file(self, path: Path, source: str) -> _Item:
        try:
            key = path.resolve()
        except (OSError, ValueError, RuntimeError):
            key = path
        return _Item(path.name, source, key, lambda guard: _path_bytes(path, guard), lambda _: None, path)

    def _read(self, given: Sequence[_Item | Document], level: int = 0) -> Iterator[Given]:
        items = [item for item in given if isinstance(item, _Item)]
        for item in items:
            guard = Guard(item.source, self.settings.limits, level)
            if item.name.lower() in PEOPLE_FILES:
                self._taken.add(item.key)
                try:
                    folder = str(PurePosixPath(item.source).parent)
                    self._people.add(item.name, item.load(guard), guard, "" if folder == "." else folder)
                except InputError as error:
                    yield error
            elif item.suffix in TABLE_SUFFIXES and len(items) > 1:
                self._take_named(item, guard)
        for one in given:
            if isinstance(one, Document):
                yield self._finished(one)
            elif one.key not in self._taken:
                for result in self._documents(one, level):
                    person = self._people.of(result.source)
                    if isinstance(result, Unread):
                        yield replace(result, person=person)
                    else:
                        yield self._finished(result) if isinstance(result, Document) else result

    def _take_named(self, table: _Item, guard: Guard) -> None:
        """Notes the files that a table names, so that they are read once, as what the table says they are."""
        try:
            names = list(files_named(table.name, table.load(guard), guard))
        except InputError:
            return  # told when the table itself is read
        for name in names:
            other = table.beside(name)
            if other is not None:
                self._taken.add(other.key)

    def _documents(self, item: _Item, level: int) -> Iterator[Given]:
        guard = Guard(item.source, self.settings.limits, level)
        try:
            if item.suffix == ".zip":
                inner = guard.inside(item.source)
                data = item.path if item.path is not None and item.path.is_file() else item.load(guard)
                with open_zip(data, guard) as archive:
                    members = _members(archive, item.source)
                    if not members:
                        raise UnreadableError(item.source, "the archive is empty; give one with files in it")
                    yield from self._read(members, inner.level)
            elif item.suffix in TABLE_SUFFIXES:
                yield from read_rows(item.name, item.load(guard), guard, lambda name: self._beside(item, name, level))
            else:
                yield Unread(item.name, item.source, item.load(guard), level)
        except InputError as error:
            yield error

    def _beside(self, table: _Item, name: str, level: int) -> Document | None:
        other = table.beside(name)
        if other is None:
            return None
        guard = Guard(name, self.settings.limits, level)
        return document_from_bytes(other.name, other.load(guard), name, guard=guard)

    def _finished(self, document: Document) -> Document:
        person = self._people.of(document.source)
        document = document if person is None else person.applied(document)
        return mask_document(document) if self.settings.mask else document


def _path_bytes(path: Path, guard: Guard) -> bytes:
    if path.suffix.lower() in _MANY and _is_file(path):
        guard.check("file_bytes", path.stat().st_size, "bytes")
        try:
            return path.read_bytes()
        except OSError as error:
            raise UnreadableError(guard.source, f"cannot be opened ({error.strerror}); check the rights") from error
    return file_bytes(path, guard)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _members(archive: zipfile.ZipFile, source: str) -> list[_Item | Document]:
    """The files in an archive, in the order of their names; none is ever written to disk."""
    members: dict[str, zipfile.ZipInfo] = {}
    for found in archive.infolist():
        parts = [part for part in PurePosixPath(found.filename.replace("\\", "/")).parts if part not in ("..", "/")]
        if found.is_dir() or not parts or any(map(_left_out, parts)):
            continue
        path = "/".join(parts)
        while path in members:  # one name twice is allowed in an archive
            path = f"again/{path}"
        members[path] = found

    def item(name: str) -> _Item:
        member = members[name]

        def load(guard: Guard) -> bytes:
            guard.check("file_bytes", member.file_size, "bytes")
            if member.flag_bits & 1:
                raise UnreadableError(guard.source, "is encrypted; pack it without a password")
            try:
                return archive.read(member)
            except Exception as error:  # zlib, checksums, methods of other programs
                raise UnreadableError(guard.source, f"cannot be unpacked ({brief(error)}); pack it again") from error

        def beside(other: str) -> _Item | None:
            path = str(PurePosixPath(name).parent / other.replace("\\", "/"))
            return item(path) if path in members else None

        place = f"{source}/{name}"
        return _Item(PurePosixPath(name).name, place, (id(archive), name), load, beside)

    return [item(name) for name in sorted(members)]
