"""Broken and hostile files: each gives documents or errors of ours, in time, and none is lost.

``python tests/fuzz_documents.py --files 10000 --seed 1`` runs many; the tests run a few with a seed that is printed.
"""

import argparse
import faulthandler
import io
import random
import resource
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from document_corpus import (
    as_docx,
    as_html,
    as_mail,
    as_markdown,
    as_rows,
    as_running_pdf,
    as_table_docx,
    as_table_pdf,
    blocks_of,
    twelve,
)
from policydiff.documents import Document, parse_response, read_document
from policydiff.documents.inputs import ResponseInputs
from policydiff.errors import PolicydiffError
from policydiff.settings import DocumentSettings, LimitSettings

SUFFIXES = (".txt", ".md", ".docx", ".odt", ".rtf", ".html", ".pdf", ".eml", ".csv", ".xlsx", ".jsonl", ".zip", ".doc")
SECONDS = 20.0  # for one file, reading and parsing; the limit for reading is half of it
SETTINGS = DocumentSettings(mask=True, limits=LimitSettings(seconds=10, characters=2_000_000, file_bytes=200_000_000))
ODF = "urn:oasis:names:tc:opendocument:xmlns"
NASTY = (
    "\u202eØ\u0301\u0327\u034f",
    "\u0645\u0631\u062d\u0628\u0627",
    "a\u0300" * 50,
    "\x00",
    "\ufeff",
    "\ufffe",
    "\U0001f600",
    "Ã¦Ã¸Ã¥",
    "█" * 20,
    "\r",
    "\x0c",
    "((((((((",
    "a" * 40 + "@",
    "1 2 3 4 5 6 7 8 9 ",
    "§ 4, stk. 2",
)
Bytes = tuple[str, bytes]


def seeds(folder: Path) -> list[Bytes]:
    """A small whole file of each format."""
    source = read_document(min(twelve(), key=lambda p: p.stat().st_size))
    blocks = blocks_of(source)
    made: list[Path] = []

    def path(suffix: str) -> Path:
        made.append(folder / f"s{len(made)}{suffix}")
        return made[-1]

    as_docx(blocks, path(".docx"))
    as_table_docx(blocks, path(".docx"), ruled=True)
    as_html(blocks, path(".html"))
    as_markdown(blocks, path(".md"))
    for form in ("plain", "html", "attached"):
        as_mail(source.text, blocks, path(".eml"), form)
    as_running_pdf(blocks, path(".pdf"))
    as_table_pdf(blocks, path(".pdf"), ruled=True)
    for suffix in (".csv", ".xlsx", ".jsonl"):
        as_rows([source] * 3, path(suffix))
    path(".txt").write_text(source.text, encoding="utf-8")
    path(".rtf").write_text(
        r"{\rtf1\ansi\ansicpg1252 " + source.text.replace("\n", "\\par\n") + "}", "cp1252", "replace"
    )
    body = "".join(f"<text:p>{line}</text:p>" for line in source.text.replace("&", "").replace("<", "").split("\n"))
    content = f'<o:document-content xmlns:o="{ODF}:office:1.0" xmlns:text="{ODF}:text:1.0"><o:body><o:text>{body}'
    path(".odt").write_bytes(packed({"content.xml": f"{content}</o:text></o:body></o:document-content>".encode()}))
    path(".zip").write_bytes(packed({f"{p.name}": p.read_bytes() for p in made[:6]}))
    return [(p.suffix, p.read_bytes()) for p in made]


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def flipped(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 3, 20, 200))):
        if out:
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def inserted(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    words = rng.choice(NASTY).encode("utf-8", "surrogatepass") * rng.choice((1, 1, 100))
    return data[:at] + words + data[at:]


def repeated(data: bytes, rng: random.Random) -> bytes:
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:b] + data[a:b] * rng.choice((1, 5)) + data[b:]


def spliced(data: bytes, rng: random.Random, other: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def inside(data: bytes, rng: random.Random) -> bytes:
    """A part of an Office file or an archive changed, and all packed again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # no archive, or one that is broken already
        return flipped(data, rng)
    name = rng.choice(sorted(parts))
    change = rng.choice((flipped, cut, inserted, repeated))
    if rng.random() < 0.1:
        del parts[name]
    else:
        parts[name] = change(parts[name], rng)
    return packed(parts)


def nested(suffix: str, data: bytes, rng: random.Random) -> bytes:
    out = packed({f"æ/{rng.choice(NASTY)[:3].strip() or 'x'}{suffix}".replace("\0", ""): data})
    for _ in range(rng.randrange(5)):
        out = packed({"inner.zip": out, "x" + suffix: data[:100]})
    return out


def hostile(rng: random.Random, size: int) -> Bytes:
    """Files that are made to take time or memory; ``size`` is that of the large ones in characters."""
    bomb = "<!DOCTYPE a [<!ENTITY a0 'x'>" + "".join(
        f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)
    ) + "]><a>&a9;</a>"  # fmt: skip
    depth = rng.choice((100, 5_000, 100_000))
    cell = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    unit = rng.choice((b"a", b"ord ", "ø".encode(), b"1 2 ", b"- ", b"a. B", b"(", b"\n \n"))
    entities = rng.choice((bomb, bomb[:80])).encode(rng.choice(("utf-8", "utf-16")))
    options: list[Callable[[], Bytes]] = [
        lambda: (".txt", unit * (size // 4)),
        lambda: (".html", b"<div>" * depth + b"x"),
        lambda: (".html", b"<table><tr><td>" * depth + b"x"),
        lambda: (".html", ("<p>" + "&nbsp;" * 1000) .encode() * 20),
        lambda: (".docx", packed({"word/document.xml": bomb.encode(), "[Content_Types].xml": b"<a/>"})),
        lambda: (".odt", packed({"content.xml": entities})),
        lambda: (".odt", packed({"content.xml": b"<a>" * depth})),
        lambda: (".jsonl", b"[" * depth),
        lambda: (".jsonl", b'{"svar": "' + b"x" * size + b'"}'),
        lambda: (".csv", b'"' * (size // 10)),
        lambda: (".csv", b"svar;" * (size // 10)),
        lambda: (".rtf", b"{\\rtf1" + b"{" * depth),
        lambda: (".rtf", b"{\\rtf1" + b"\\u-1 ?\\'ff" * (size // 50)),
        lambda: (".xlsx", packed({"xl/worksheets/sheet1.xml": cell.encode(), "xl/workbook.xml": b"<workbook/>"})),
        lambda: (".zip", packed({"a.txt": b"0" * size * 10})),
        lambda: (".zip", packed({f"{n}.zip": b"PK" for n in range(300)})),
        lambda: (".eml", b"From: a\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n" * depth),
        lambda: (".eml", b"From: " + b"a" * (size // 10) + b"\nSubject: =?utf-8?b?" + b"/" * 1000 + b"?=\n\nx"),
        lambda: (rng.choice(SUFFIXES), rng.randbytes(rng.choice((0, 1, 50, 5000)))),
    ]  # fmt: skip
    return rng.choice(options)()


def mutated(whole: list[Bytes], rng: random.Random, size: int) -> Bytes:
    suffix, data = rng.choice(whole)
    way = rng.randrange(10)
    if way == 0:
        return hostile(rng, size)
    if way == 1:
        return rng.choice(SUFFIXES), data
    if way == 2:
        return ".zip", nested(suffix, data, rng)
    if way == 3:
        return suffix, spliced(data, rng, rng.choice(whole)[1])
    change = rng.choice((flipped, cut, inserted, repeated, inside, inside))
    return suffix, change(data, rng)


def run(files: int, seed: int, folder: Path, *, size: int = 200_000) -> Counter[str]:
    """Reads ``files`` broken files; raises on anything but documents and our errors, and on slowness."""
    rng = random.Random(seed)  # noqa: S311
    whole = seeds(folder)
    outcomes: Counter[str] = Counter()
    for number in range(files):
        suffix, data = mutated(whole, rng, size)
        path = folder / f"f{suffix}"
        path.write_bytes(data)
        faulthandler.dump_traceback_later(6 * SECONDS, exit=True)
        started = time.monotonic()
        try:
            results = list(outcome(path))
        except Exception as error:
            kept = Path(tempfile.gettempdir()) / f"fuzz-{seed}-{number}{suffix}"
            kept.write_bytes(data)
            raise AssertionError(f"file {number} of seed {seed}, kept as {kept}: {error!r}") from error
        taken = time.monotonic() - started
        assert results, f"file {number} of seed {seed} ({suffix}) was lost"
        assert taken < SECONDS, f"file {number} of seed {seed} ({suffix}, {len(data)} bytes) took {taken:.1f} s"
        outcomes.update(results)
        path.unlink()
    faulthandler.cancel_dump_traceback_later()
    return outcomes


def outcome(path: Path) -> Iterator[str]:
    for read in ResponseInputs([path], SETTINGS):
        if isinstance(read, Document):
            response, blocks = parse_response(read, response_id="r")
            at = 0
            for block in blocks:
                assert at <= block.start < block.end
                assert block.text == response.text[block.start : block.end]
                assert not response.text[at : block.start].strip()
                at = block.end
            assert not response.text[at:].strip()
            response.model_dump_json()
            yield "read"
        else:
            assert isinstance(read, PolicydiffError)
            assert "\n" not in str(read)
            yield type(read).__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=1_000_000)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run(options.files, options.seed, Path(folder), size=options.size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{options.files} files, seed {options.seed}: {dict(outcomes)}")
    print(f"{time.monotonic() - started:.0f} s, at most {peak} MiB of memory")


if __name__ == "__main__":
    main()
