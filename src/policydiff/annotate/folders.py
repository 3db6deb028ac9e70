"""An unlabelled gold folder from a draft and responses, and its labels from the filled-in spreadsheet."""

import codecs
import json
from collections.abc import Sequence
from pathlib import Path

from policydiff.annotate.cells import require_openpyxl
from policydiff.annotate.filled import read_sheet
from policydiff.annotate.sheet import write_sheet
from policydiff.documents import Document, load_policy, parse_response
from policydiff.documents.decoding import decode
from policydiff.documents.inputs import ResponseInputs
from policydiff.documents.recurring import recurring_headings
from policydiff.errors import DraftError, InputError, PartlyReadError, UnreadableError
from policydiff.gold import GoldPassage, read_gold
from policydiff.models import Failure, Policy, Record, Response
from policydiff.settings import DocumentSettings

SHEET_FILE = "annotation.xlsx"
# read_gold reads line by line, and these end a line for str.splitlines.
_LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class Started(Record):
    """What ``init_gold`` made: the folder, how much is in it, and the responses that are not, with the reason."""

    folder: Path
    sheet: Path
    provisions: int
    responses: int
    passages: int
    errors: tuple[Failure, ...] = ()


def init_gold(
    draft: Path | str, responses: Sequence[Path | str], out: Path | str, *, language: str | None = None
) -> Started:
    """Make a gold folder that is not labelled yet, with a spreadsheet to label it in.

    ``responses`` are files, folders, .zip archives and tables with a row a response, as for ``compare``. They are
    called r01, r02, ... in order, their passages r01/1, r01/2, ...; respondents.json says which file or row each
    was. Responses that cannot be read are left out, and what was not read of one is told, in ``errors``.

    Raises:
        InputError: ``out`` has something in it already, the draft cannot be used, or no response can be read.
        SettingsError: openpyxl is not installed, or there is no pack for ``language``.
    """
    draft, out = Path(draft), Path(out)
    require_openpyxl()
    ensure_free(out)
    policy = load_policy(draft, language=language)
    ensure_told_apart(policy, draft.name)
    read, errors = _read_all(responses, language)
    if not read:
        first = f"; the first: {errors[0].source}: {errors[0].message}" if errors else "; give at least one file"
        raise UnreadableError(str(out), f"not made, since no response could be read{first}")
    try:
        data = draft.read_bytes()
    except OSError as error:
        raise UnreadableError(str(draft), f"cannot be read ({error.strerror}); choose another draft") from error
    write_folder(out, draft=(f"draft{draft.suffix.lower()}", data), policy=policy, responses=read)
    passages = [passage for _, passages in read for passage in passages]
    write_sheet(out / SHEET_FILE, passages, policy.provisions)
    read_gold(out)
    return Started(
        folder=out,
        sheet=out / SHEET_FILE,
        provisions=len(policy.provisions),
        responses=len(read),
        passages=len(passages),
        errors=tuple(errors),
    )


def write_folder(
    out: Path,
    *,
    draft: tuple[str, bytes],
    policy: Policy,
    responses: Sequence[tuple[Response, Sequence[GoldPassage]]],
) -> None:
    """Write a gold folder: the draft as a file of this name, and the responses with their passages.

    Raises:
        UnreadableError: it cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "responses").mkdir()
        (out / draft[0]).write_bytes(draft[1])
        _write_json(out / "provisions.json", _labelled(policy))
        _write_json(
            out / "respondents.json",
            [{"id": r.id, "respondent": r.respondent, "kind": "", "source": r.source} for r, _ in responses],
        )
        for response, _ in responses:
            (out / "responses" / f"{response.id}.txt").write_bytes(_encoded(response.text))
        _write_passages(out / "gold.jsonl", [passage for _, passages in responses for passage in passages])
    except OSError as error:
        raise UnreadableError(str(out), f"cannot be written ({error.strerror}); choose another place") from error


def import_gold(folder: Path | str, sheet: Path | str | None = None) -> Path:
    """Write the labels of a filled-in spreadsheet to gold.jsonl, and return its path.

    The passages and their phenomena stay as they are in gold.jsonl; the alignments are replaced. Nothing is
    written unless the whole sheet is right.

    Raises:
        UnreadableError: the folder is no gold folder, or a cell is wrong; names the row and the column.
        SettingsError: openpyxl is not installed.
    """
    folder = Path(folder)
    gold = read_gold(folder)
    ids = [*(p.id for p in gold.policy.provisions), *gold.missed]
    labelled = read_sheet(Path(sheet) if sheet is not None else folder / SHEET_FILE, gold.passages, ids)
    target = folder / "gold.jsonl"
    before = target.read_bytes()
    _write_passages(target, [p.model_copy(update={"alignments": labelled[p.passage]}) for p in gold.passages])
    try:
        read_gold(folder)
    except UnreadableError:
        target.write_bytes(before)
        raise
    return target


def ensure_free(out: Path) -> None:
    """Raises InputError if there is a file, or a folder with something in it."""
    if out.exists() and not out.is_dir():
        raise InputError(str(out), "is a file; name a new folder")
    if out.is_dir() and any(out.iterdir()):
        raise InputError(str(out), "is not empty; name a new folder, so that no labels are lost")


def ensure_told_apart(policy: Policy, draft: str) -> None:
    """Raises DraftError if two provisions have one kind, label and title, by which ``read_gold`` finds them."""
    seen: dict[tuple[str, str, str], str] = {}
    for p in policy.provisions:
        key = (p.kind, p.label, " ".join(p.title.split()))
        if key in seen:
            raise DraftError(
                draft,
                f"provisions {seen[key]!r} and {p.id!r} have the same kind, label and title; write them with "
                "`policydiff provisions DRAFT --json FILE`, give each its own label, and use FILE as the draft",
            )
        seen[key] = p.id


def _read_all(
    sources: Sequence[Path | str], language: str | None
) -> tuple[list[tuple[Response, list[GoldPassage]]], list[Failure]]:
    documents: list[Document] = []
    errors: list[Failure] = []
    settings = DocumentSettings(language=language)
    for read in ResponseInputs(sources, settings):
        try:
            if isinstance(read, InputError):
                raise read
            _ensure_encodable(read)
        except InputError as error:
            errors.append(Failure(source=error.source, error=type(error).__name__, message=error.message))
            continue
        documents.append(read)
        errors += [Failure(source=read.source, error=PartlyReadError.__name__, message=w) for w in read.warnings]
    template = recurring_headings(documents, settings)  # the passages that compare finds
    digits = max(2, len(str(len(documents))))
    out: list[tuple[Response, list[GoldPassage]]] = []
    for n, document in enumerate(documents, 1):
        name = f"r{n:0{digits}}"
        response, blocks = parse_response(document, response_id=name, language=language, template=template)
        judged = [b for b in blocks if b.kind in ("paragraph", "bullet")]
        passages = [
            GoldPassage(
                response=response.id,
                passage=f"{response.id}/{number}",
                start=b.start,
                end=b.end,
                section=b.section or None,
                text=b.text,
            )
            for number, b in enumerate(judged, 1)
        ]
        out.append((response, passages))
    return out, errors


def _ensure_encodable(document: Document) -> None:
    try:
        document.text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnreadableError(
            document.source,
            f"has half a character at offset {error.start} that no file can hold; save it again as .txt",
        ) from None


def _encoded(text: str) -> bytes:
    """UTF-8 that is read as ``text`` again: with a byte order mark where the text alone would be read otherwise."""
    data = text.encode("utf-8")
    plain = not data.startswith((b"%PDF-", b"PK\x03\x04")) and decode(data) == text
    return data if plain else codecs.BOM_UTF8 + data


def _labelled(policy: Policy) -> dict[str, object]:
    keep = {"id", "kind", "label", "title", "text"}
    return {
        "id": policy.id,
        "title": policy.title,
        "language": policy.language,
        "provisions": [p.model_dump(include=keep) for p in policy.provisions],
    }


def _write_json(target: Path, value: object) -> None:
    target.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def _write_passages(target: Path, passages: Sequence[GoldPassage]) -> None:
    lines = [json.dumps(p.model_dump(mode="json"), ensure_ascii=False).translate(_LINE_ENDS) + "\n" for p in passages]
    fresh = target.with_suffix(".jsonl.part")
    fresh.write_text("".join(lines), encoding="utf-8", newline="\n")
    fresh.replace(target)
