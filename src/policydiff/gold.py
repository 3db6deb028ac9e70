"""The gold format: a folder with a draft, its provisions, responses, and labelled passages.

::

    draft.md            the draft, any format that is read
    provisions.json     {"id", "title", "language", "provisions": [{"id", "kind", "label", "title", "text"}]}
    responses/r01.txt   the responses, as they were read when they were labelled
    respondents.json    [{"id", "respondent", "kind"}], optional
    gold.jsonl          a passage a line: response, passage, start, end, section, text, alignments
                        [{provision, grade 1|2, stances, evidence [start, end]}], phenomena

``read_gold`` checks all of it: spans against the responses, provisions and stances against what there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, ValidationError

from policydiff.documents import Block, Document, load_policy, read_document
from policydiff.errors import UnreadableError
from policydiff.models import Offset, Policy, Provision, Record, Stance


class GoldAlignment(Record):
    """A provision that a passage addresses: 2 is about it, 1 touches it."""

    provision: str
    grade: Literal[1, 2]
    stances: Annotated[tuple[Stance, ...], Field(min_length=1)]
    evidence: tuple[Offset, Offset] | None = None


class GoldPassage(Record):
    """A labelled passage; ``start``/``end`` count in the response's text."""

    response: str
    passage: str
    start: Offset
    end: Offset
    section: str | None = None
    text: str
    alignments: tuple[GoldAlignment, ...] = ()
    phenomena: tuple[str, ...] = ()

    def block(self) -> Block:
        """The passage as the comparison takes it."""
        return Block(self.start, self.end, "paragraph", self.section or "", self.text)


class _LabelledProvision(BaseModel):
    id: str
    kind: str
    label: str
    title: str
    text: str


class _Labelled(BaseModel):
    id: str
    title: str
    language: str
    provisions: tuple[_LabelledProvision, ...]


@dataclass(frozen=True)
class GoldSet:
    """One labelled consultation.

    ``policy`` has the ids of provisions.json, with spans in the draft where the provision was found there;
    ``missed`` are the ids of those that were not found in the draft. ``passages`` are in the order of the file,
    ``documents`` by response id.
    """

    name: str
    folder: Path
    policy: Policy
    missed: tuple[str, ...]
    documents: dict[str, Document]
    passages: tuple[GoldPassage, ...]

    def grades(self) -> npt.NDArray[np.int8]:
        """0, 1 or 2 for each passage and provision, those missed in the draft last."""
        column = {p: j for j, p in enumerate((*(p.id for p in self.policy.provisions), *self.missed))}
        grades = np.zeros((len(self.passages), len(column)), dtype=np.int8)
        for i, passage in enumerate(self.passages):
            for alignment in passage.alignments:
                grades[i, column[alignment.provision]] = alignment.grade
        return grades

    def by_response(self) -> dict[str, list[GoldPassage]]:
        """The labelled passages of each response, in the order of the text."""
        out: dict[str, list[GoldPassage]] = {response: [] for response in self.documents}
        for passage in self.passages:
            out[passage.response].append(passage)
        for passages in out.values():
            passages.sort(key=lambda p: p.start)
        return out


def _fault(file: Path, line: int | None, error: ValidationError) -> UnreadableError:
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"])) or "the whole"
    where = str(file) if line is None else f"{file}, line {line}"
    return UnreadableError(where, f"{field}: {first['msg']} (got {str(first['input'])[:60]!r})")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnreadableError(str(file), f"cannot be read ({error.strerror}); see docs/gold-format.md") from error


def _key(provision: Provision | _LabelledProvision) -> tuple[str, str, str]:
    return provision.kind, provision.label, " ".join(provision.title.split())


def _policy(folder: Path) -> tuple[Policy, tuple[str, ...]]:
    file = folder / "provisions.json"
    try:
        labelled = _Labelled.model_validate_json(_bytes(file))
    except ValidationError as error:
        raise _fault(file, None, error) from None
    drafts = sorted(folder.glob("draft.*"))
    if not drafts:
        raise UnreadableError(str(folder), "has no draft (draft.md, draft.docx, ...); see docs/gold-format.md")
    parsed = load_policy(drafts[0], language=labelled.language)
    found = {_key(p): p for p in parsed.provisions}
    missed = tuple(p.id for p in labelled.provisions if _key(p) not in found)
    ids = {found[_key(p)].id: p.id for p in labelled.provisions if _key(p) in found}
    provisions = [
        p.model_copy(update={"id": ids[p.id], "parent_id": ids.get(p.parent_id or "")})
        for p in parsed.provisions
        if p.id in ids
    ]
    return parsed.model_copy(update={"id": labelled.id, "provisions": tuple(provisions)}), missed


def _passages(file: Path, documents: dict[str, Document], provisions: set[str]) -> tuple[GoldPassage, ...]:
    passages: list[GoldPassage] = []
    seen: set[str] = set()
    try:
        lines = _bytes(file).decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise UnreadableError(str(file), f"is not UTF-8 ({error.reason} at byte {error.start})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            passage = GoldPassage.model_validate_json(line)
        except ValidationError as error:
            raise _fault(file, number, error) from None
        where = f"{file}, line {number}"
        document = documents.get(passage.response)
        if document is None:
            raise UnreadableError(where, f"response: there is no {passage.response!r} in responses/")
        if document.text[passage.start : passage.end] != passage.text:
            raise UnreadableError(
                where, f"text: is not what stands at [{passage.start}, {passage.end}) of the response"
            )
        for alignment in passage.alignments:
            if alignment.provision not in provisions:
                raise UnreadableError(where, f"alignments.provision: {alignment.provision!r} is not in provisions.json")
            if "mentioned" in alignment.stances and len(alignment.stances) > 1:
                raise UnreadableError(where, "alignments.stances: 'mentioned' stands alone, never beside another")
            if alignment.evidence is not None:
                start, end = alignment.evidence
                if not passage.start <= start < end <= passage.end:
                    raise UnreadableError(where, f"alignments.evidence: [{start}, {end}) is not within the passage")
        if passage.passage in seen:
            raise UnreadableError(where, f"passage: {passage.passage!r} stands in the file before")
        seen.add(passage.passage)
        passages.append(passage)
    if not passages:
        raise UnreadableError(str(file), "holds no passage; make one with `policydiff annotate init`")
    return tuple(passages)


def read_gold(folder: Path | str) -> GoldSet:
    """Read and check one labelled consultation.

    Raises:
        UnreadableError: a file is missing or a label is wrong; names the file, the line and the field.
    """
    folder = Path(folder)
    policy, missed = _policy(folder)
    files = sorted(f for f in (folder / "responses").glob("*.*") if not f.name.startswith("."))
    documents = {f.stem: read_document(f) for f in files}
    if len(documents) < len(files):
        raise UnreadableError(str(folder / "responses"), "holds two files of the same name but for the suffix")
    known = {p.id for p in policy.provisions} | set(missed)
    passages = _passages(folder / "gold.jsonl", documents, known)
    return GoldSet(folder.name, folder, policy, missed, documents, passages)


def gold_folders(paths: Sequence[Path | str]) -> list[Path]:
    """The gold folders among and under ``paths``, each once, sorted within each path.

    Raises:
        UnreadableError: a path holds none.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        inside = sorted(f.parent for f in path.glob("**/gold.jsonl"))
        if not inside:
            raise UnreadableError(str(path), "holds no gold.jsonl; see docs/gold-format.md")
        found += inside
    return list(dict.fromkeys(found))
