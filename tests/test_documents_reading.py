import contextlib
import hashlib
import subprocess
import sys

import docx
import pytest
from docx.oxml import OxmlElement
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st

from policydiff.documents import document_from_text, read_document
from policydiff.documents.decoding import decode
from policydiff.documents.inputs import response_files
from policydiff.errors import InputError, UnreadableError, UnsupportedError

DANISH = "Høringssvar fra Ældrerådet på Østerbro: “vi støtter princip E” – også i år…"


def write_pdf(path, pages, **kwargs):
    pdf = FPDF()
    if kwargs:
        pdf.set_encryption(**kwargs)
    for lines in pages:
        pdf.add_page()
        pdf.set_font("helvetica", size=11)
        for line in lines:
            pdf.cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_decodes(encoding):
    assert decode(DANISH.encode(encoding)) == DANISH


@pytest.mark.parametrize("encoding", ["mac-roman", "cp850", "cp1252"])
def test_decodes_old_code_pages_by_their_danish_letters(encoding):
    text = "Høringssvar fra Ældrerådet på Østerbro, Åboulevarden: børn og ældre får mere på nævnte område"
    assert decode(text.encode(encoding)) == text


@given(st.binary(max_size=60))
def test_decoding_never_fails(data):
    assert isinstance(decode(data), str)


def test_text_is_the_file_as_it_is(tmp_path):
    path = tmp_path / "svar.txt"
    data = b"Linje et\r\nLinje to\r\n\x0cSide to\n"
    path.write_bytes(data)
    document = read_document(path)
    assert document.text == data.decode()
    assert document.pages == (0, document.text.index("\f") + 1)
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert (document.source, document.format) == ("svar.txt", "txt")


def test_text_at_hand():
    document = document_from_text("Vi er enige.", source="mail")
    assert (document.text, document.source) == ("Vi er enige.", "mail")
    with pytest.raises(UnreadableError, match="no text"):
        document_from_text(" \n ")


def test_docx_keeps_the_order_of_paragraphs_tables_and_bullets(tmp_path):
    file = docx.Document()
    file.add_heading("Svar", level=1)
    file.add_paragraph("Før tabellen.")
    table = file.add_table(rows=1, cols=2)
    table.cell(0, 0).text = "Generelle bemærkninger"
    table.cell(0, 1).text = "Vi takker."
    file.add_paragraph("Et punkt", style="List Bullet")
    path = tmp_path / "svar.docx"
    file.save(str(path))
    document = read_document(path)
    shown = [(hint.kind, document.text[hint.start : hint.end]) for hint in document.hints]
    assert shown == [
        ("heading", "Svar"),
        ("paragraph", "Før tabellen."),
        ("heading", "Generelle bemærkninger"),
        ("paragraph", "Vi takker."),
        ("bullet", "Et punkt"),
    ]


def test_a_merged_cell_is_read_once(tmp_path):
    file = docx.Document()
    table = file.add_table(rows=1, cols=3)
    table.cell(0, 0).merge(table.cell(0, 2)).text = "Kun en gang"
    file.save(str(tmp_path / "a.docx"))
    assert read_document(tmp_path / "a.docx").text == "Kun en gang"


def test_pdf_text_by_page(tmp_path):
    document = read_document(write_pdf(tmp_path / "svar.pdf", [["Første side på dansk"], ["Anden side"]]))
    assert document.text.split("\f") == ["Første side på dansk", "Anden side"]
    assert [document.text[at : at + 5] for at in document.pages] == ["Først", "Anden"]


def test_pdf_paragraphs_are_told_by_the_distance_of_lines(tmp_path):
    lines = ["Et afsnit, hvis", "linjer er delt", "i tre", "", "Et andet afsnit"]
    document = read_document(write_pdf(tmp_path / "svar.pdf", [lines]))
    assert document.text == "Et afsnit, hvis\nlinjer er delt\ni tre\n\nEt andet afsnit"


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "blank.txt").write_text(" \n\t\n")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    (tmp_path / "broken.docx").write_bytes(b"no zip")
    (tmp_path / "parts.docx").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "renamed.txt").write_bytes(b"%PDF-1.7")
    docx.Document().save(str(tmp_path / "nothing.docx"))
    write_pdf(tmp_path / "locked.pdf", [["hemmeligt"]], owner_password="a", user_password="b")  # noqa: S106
    expected = {
        "missing.txt": "no such file",
        ".": "folder",
        "empty.txt": "empty",
        "blank.txt": "empty",
        "broken.pdf": "not a whole PDF",
        "broken.docx": "not a whole Word file",
        "parts.docx": "not a whole Word file",
        "renamed.txt": "another suffix",
        "nothing.docx": "empty",
        "locked.pdf": "encrypted",
    }
    for name, message in expected.items():
        with pytest.raises(UnreadableError, match=message) as caught:
            read_document(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_formats_that_are_not_read(tmp_path):
    (tmp_path / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "picture.png").write_bytes(b"x")
    write_pdf(tmp_path / "scan.pdf", [[]])
    for name, message in {"old.doc": r"\.docx", "picture.png": r"\.pdf.*\.txt", "scan.pdf": "ocrmypdf"}.items():
        with pytest.raises(UnsupportedError, match=message):
            read_document(tmp_path / name)


@given(data=st.binary(max_size=200))
def test_broken_bytes_only_raise_input_errors(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bytes")
    for suffix in (".txt", ".docx", ".pdf"):
        path = folder / f"x{suffix}"
        path.write_bytes(data)
        with contextlib.suppress(InputError):
            assert read_document(path).text.strip()


def test_readers_are_imported_only_when_used():
    code = "import sys, policydiff.documents; print([m for m in ('docx', 'pypdfium2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_content_controls_and_tracked_insertions_of_word_are_read(tmp_path):
    document = docx.Document()
    paragraph = document.add_paragraph("Vi støtter ")
    for tag, words in (("w:ins", "indsat"), ("w:sdt", "felt")):
        holder = OxmlElement(tag)
        inner = holder if tag == "w:ins" else OxmlElement("w:sdtContent")
        if inner is not holder:
            holder.append(inner)
        run = OxmlElement("w:r")
        text = OxmlElement("w:t")
        text.text = words
        run.append(text)
        inner.append(run)
        paragraph._p.append(holder)
    block, content = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    content.append(document.add_paragraph("Et helt afsnit i et felt.")._p)
    block.append(content)
    document.element.body.insert(1, block)
    document.save(str(tmp_path / "svar.docx"))
    text = read_document(tmp_path / "svar.docx").text
    assert "Vi støtter indsatfelt" in text
    assert "Et helt afsnit i et felt." in text


def test_a_cell_merged_over_rows_is_read_once(tmp_path):
    document = docx.Document()
    table = document.add_table(rows=3, cols=2)
    table.cell(0, 0).merge(table.cell(2, 0)).text = "Emne"
    for row in range(3):
        table.cell(row, 1).text = f"Svar {row} er langt nok til at være et svar."
    document.save(str(tmp_path / "svar.docx"))
    text = read_document(tmp_path / "svar.docx").text
    assert text.count("Emne") == 1
    assert all(f"Svar {row}" in text for row in range(3))


def test_folders_are_walked_and_nothing_in_them_is_lost(tmp_path):
    for name in ("b/svar.txt", "a/~$svar.docx", "a/svar.xyz", ".skjult/svar.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "tom").mkdir()
    named = [tmp_path / "a", tmp_path / "b", tmp_path / "tom", tmp_path / "findes-ikke.txt"]
    assert response_files(named) == [tmp_path / "a/svar.xyz", tmp_path / "b/svar.txt", *named[2:]]
    assert response_files([tmp_path / "b", tmp_path / "b" / "svar.txt"]) == [tmp_path / "b/svar.txt"]
    assert response_files([tmp_path]) == [tmp_path / "a/svar.xyz", tmp_path / "b/svar.txt"]


def test_lone_surrogates_are_refused():
    with pytest.raises(UnreadableError, match="lone surrogates"):
        document_from_text("en \ud800 to")
