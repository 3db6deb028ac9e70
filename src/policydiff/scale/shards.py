"""The inputs cut into shards: by count, in their order, the same ones always."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass

from policydiff.documents import Document
from policydiff.documents.inputs import Given, Unread

# A shard of long files ends before its count, so that few of them are held at a time.
_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Shard:
    """Inputs that are compared together. ``first`` is the number of the first one among all, counted from 1."""

    number: int
    first: int
    inputs: tuple[Given, ...]

    def digest(self) -> str:
        """A SHA-256 of what is in it and of its place."""
        content = hashlib.sha256(str(self.first).encode())
        for given in self.inputs:
            content.update(hashlib.sha256(_content(given)).digest())
        return content.hexdigest()


def _content(given: Given) -> bytes:
    if isinstance(given, Unread):
        person = None if given.person is None else astuple(given.person)
        data = hashlib.sha256(given.data).hexdigest()
        parts: object = ["file", given.name, given.source, given.level, person, data]
    elif isinstance(given, Document):
        parts = ["document", asdict(given) | {"masked": [m.model_dump() for m in given.masked]}]
    else:
        parts = ["error", type(given).__name__, given.source, given.message]
    return json.dumps(parts).encode()


def shards(inputs: Iterable[Given], size: int) -> Iterator[Shard]:
    """Shards of ``size`` inputs each, fewer where they are large, the last one of what is left."""
    number, first, held, weight = 0, 1, list[Given](), 0
    for given in inputs:
        held.append(given)
        weight += len(given.data) if isinstance(given, Unread) else 0
        if len(held) == size or weight >= _BYTES:
            yield Shard(number, first, tuple(held))
            number, first, held, weight = number + 1, first + len(held), [], 0
    if held:
        yield Shard(number, first, tuple(held))
