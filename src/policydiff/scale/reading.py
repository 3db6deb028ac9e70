"""What the shards of a result hold, in numbers: some forty bytes a passage in memory, their word triples in files."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policydiff.findings.campaigns import Corpus, counts_as_text, digest, speaking
from policydiff.findings.identity import key_of
from policydiff.findings.tally import BITS
from policydiff.findings.triples import Floats, Indices, Triples, triples
from policydiff.models import Disposition, Policy, Response
from policydiff.scale.tables import Texts, read_columns, read_records

_DIGEST = np.dtype("V16")
PathOf = Callable[[str, int], Path]  # of a table and the number of a shard


@dataclass(frozen=True, slots=True)
class Accepted:
    """The accepted findings, a row each: the place of the provision, BITS, numbers of the passage and the response.

    A passage that does not count as text (see ``counts_as_text``) has a number of its own below 0.
    """

    provision: Indices
    labels: npt.NDArray[np.uint8]
    passage: Indices
    response: Indices


@dataclass(frozen=True, slots=True)
class Reading:
    """All that is needed to count. ``weights`` are of the senders, the ids of responses and passages of the corpus."""

    corpus: Corpus
    accepted: Accepted
    weights: Floats
    response_ids: Texts
    passage_ids: Texts


class _TriplesFile:
    """Word triples that are written to a file, shard by shard."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lengths: list[Indices] = []

    def add(self, found: Triples) -> None:
        with self._path.open("ab") as file:
            found.values.tofile(file)
        self._lengths.append(found.lengths)

    def all(self) -> Triples:
        """All of them; the values stay in the file."""
        offsets = np.concatenate(([0], np.cumsum(np.concatenate([np.zeros(0, dtype=np.int64), *self._lengths]))))
        if not offsets[-1]:
            return Triples(np.zeros(0, dtype=np.uint64), offsets)
        return Triples(np.memmap(self._path, dtype=np.uint64, mode="r"), offsets)


def read_shards(policy: Policy, path_of: PathOf, shards: int, temporary: Path) -> Reading:
    """Read ``shards`` shards, one after the other; files are made in the folder ``temporary``."""
    reader = _Reader(policy, temporary)
    for shard in range(shards):
        reader.read(*(path_of(table, shard) for table in ("responses", "passages", "findings")))
    return reader.reading()


class _Reader:
    def __init__(self, policy: Policy, temporary: Path) -> None:
        self._draft = triples([policy.text]).values
        self._place = {p.id: n for n, p in enumerate(policy.provisions)}
        self._whole, self._own = _TriplesFile(temporary / "whole"), _TriplesFile(temporary / "own")
        self._response_ids, self._passage_ids = Texts(), Texts()
        self._files: list[str] = []
        self._senders: list[int] = []
        self._number_of: dict[str, int] = {}  # a sender's, by key_of
        self._weights: list[float] = []
        self._texts = self._others = 0  # passages that count as text, and that do not
        self._parts: defaultdict[str, list[Any]] = defaultdict(list)  # arrays, one a shard

    def read(self, responses: Path, passages: Path, findings: Path) -> None:
        """Read a shard."""
        first = len(self._files)
        response_of = {response.id: self._sent(response) for response in read_records("responses", responses)}
        self._response_ids.extend(response_of)
        columns = read_columns("passages", passages, ["id", "response_id", "text", "disposition"])
        ids, by, texts, dispositions = (column.to_pylist() for column in columns.columns)
        response = np.array([response_of[r] for r in by], dtype=np.int64)
        judged = np.array([counts_as_text(d) for d in dispositions], dtype=bool)
        number = np.empty(len(ids), dtype=np.int64)
        number[judged] = self._texts + np.arange(judged.sum())
        number[~judged] = -1 - self._others - np.arange((~judged).sum())
        self._texts += int(judged.sum())
        self._others += int((~judged).sum())
        rows = np.flatnonzero(judged).tolist()
        self._said([texts[n] for n in rows], [dispositions[n] for n in rows])
        self._parts["passages"].append(np.bincount(response[judged] - first, minlength=len(response_of)))
        self._passage_ids.extend(ids[n] for n in rows)
        self._found(findings, dict(zip(ids, zip(number.tolist(), response.tolist(), strict=True), strict=True)))

    def _sent(self, response: Response) -> int:
        """Note who sent a response; returns its number."""
        sender = self._number_of.setdefault(key_of(response), len(self._weights))
        if sender == len(self._weights):
            self._weights.append(response.weight)
        self._weights[sender] = max(self._weights[sender], response.weight)
        self._senders.append(sender)
        self._files.append(response.sha256)
        return len(self._files) - 1

    def _said(self, texts: Sequence[str], dispositions: Sequence[Disposition]) -> None:
        whole = triples(texts)
        self._whole.add(whole)
        self._own.add(whole.without(self._draft))
        speaks = [speaking(d, n) for d, n in zip(dispositions, whole.lengths.tolist(), strict=True)]
        self._parts["speaks"].append(np.array(speaks, dtype=bool))
        self._parts["digests"].append(np.frombuffer(b"".join(map(digest, texts)), dtype=_DIGEST))

    def _found(self, path: Path, passages: Mapping[str, tuple[int, int]]) -> None:
        """Note the accepted findings; ``passages`` gives the numbers of each passage and its response."""
        columns = read_columns("findings", path, ["passage_id", "provision_id", "accepted", "labels"])
        accepted = columns.filter(columns["accepted"])
        numbers = [passages[p] for p in accepted["passage_id"].to_pylist()]
        provisions = [self._place[p] for p in accepted["provision_id"].to_pylist()]
        bits = [sum(BITS[label] for label in labels) for labels in accepted["labels"].to_pylist()]
        passage, response = np.array(numbers, dtype=np.int64).reshape(-1, 2).T
        self._parts["passage"].append(passage)
        self._parts["response"].append(response)
        self._parts["provision"].append(np.array(provisions, dtype=np.int64))
        self._parts["labels"].append(np.array(bits, dtype=np.uint8))

    def reading(self) -> Reading:
        """All that was read."""
        corpus = Corpus(
            whole=self._whole.all(),
            own=self._own.all(),
            firsts=np.concatenate(([0], np.cumsum(self._all("passages", np.int64)))),
            senders=np.array(self._senders, dtype=np.int64),
            files=self._files,
            speaks=self._all("speaks", bool),
            digests=_Digests(self._all("digests", _DIGEST)),
        )
        return Reading(
            corpus,
            Accepted(
                provision=self._all("provision", np.int64),
                labels=self._all("labels", np.uint8),
                passage=self._all("passage", np.int64),
                response=self._all("response", np.int64),
            ),
            np.array(self._weights, dtype=np.float64),
            self._response_ids,
            self._passage_ids,
        )

    def _all(self, name: str, kind: npt.DTypeLike) -> npt.NDArray[Any]:
        return np.concatenate([np.zeros(0, dtype=kind), *self._parts.pop(name, ())])


class _Digests:
    """16 bytes a passage, in one array."""

    def __init__(self, digests: npt.NDArray[np.void]) -> None:
        self._digests = digests

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._digests[number])
