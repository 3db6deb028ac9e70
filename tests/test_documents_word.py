"""What Word keeps elsewhere than in the text of a paragraph: labels that it counts, boxes, notes, moved text."""

import io
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from policydiff import load_policy
from policydiff.documents import read_document

W = nsdecls("w")


def numbered(document, levels):
    """A list whose levels are (format, text); gives the function that adds an item of it."""
    numbering = document.part.numbering_part.element
    inner = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for n, (form, text) in enumerate(levels)
    )
    numbering.insert(0, parse_xml(f'<w:abstractNum {W} w:abstractNumId="77">{inner}</w:abstractNum>'))
    numbering.append(parse_xml(f'<w:num {W} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))

    def add(text, level=0, style=None):
        paragraph = document.add_paragraph(text, style=style)
        place = f'<w:numPr {W}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>'
        paragraph._p.get_or_add_pPr().append(parse_xml(place))

    return add


def test_labels_that_word_counts_are_read(tmp_path):
    document = docx.Document()
    add = numbered(document, [("decimal", "%1."), ("lowerLetter", "%1.%2)"), ("upperRoman", "(%3)")])
    for text, level in (("En", 0), ("a", 1), ("b", 1), ("dyb", 2), ("To", 0), ("igen", 1)):
        add(text, level)
    document.save(str(tmp_path / "a.docx"))
    assert read_document(tmp_path / "a.docx").text.split("\n\n") == [
        "1. En",
        "1.a) a",
        "1.b) b",
        "(I) dyb",
        "2. To",
        "2.a) igen",
    ]


@pytest.mark.parametrize(
    ("form", "text", "labels"),
    [("upperLetter", "Princip %1:", ["A", "B", "C"]), ("decimal", "§ %1.", ["§ 1", "§ 2", "§ 3"])],
)
def test_provisions_that_word_numbers_are_found(tmp_path, form, text, labels):
    document = docx.Document()
    document.add_heading("Udkast til politik", level=1)
    add = numbered(document, [(form, text)])
    for title in ("Ret til hjælp", "Ret til indsigt", "Ret til svar"):
        add(title, style="Heading 2")
        document.add_paragraph("Alle borgere har krav på dette uden unødigt ophold i sagen.")
    document.save(str(tmp_path / "udkast.docx"))
    found = load_policy(tmp_path / "udkast.docx").provisions
    assert [p.label for p in found] == labels
    assert [p.title for p in found] == ["Ret til hjælp", "Ret til indsigt", "Ret til svar"]


def test_text_boxes_are_read_once_and_moved_text_where_it_went(tmp_path):
    document = docx.Document()
    paragraph = document.add_paragraph("Ankeret")
    box = "<w:txbxContent><w:p><w:r><w:t>I boksen</w:t></w:r></w:p></w:txbxContent>"
    names = f'{W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:x="urn:x"'
    both = f"<mc:AlternateContent><mc:Choice Requires='x'><x:s>{box}</x:s></mc:Choice>"
    both += f"<mc:Fallback><x:s>{box}</x:s></mc:Fallback></mc:AlternateContent>"
    paragraph._p.append(parse_xml(f"<w:r {names}>{both}</w:r>"))
    moved = f"<w:moveFrom {W} w:id='1'><w:r><w:t>væk</w:t></w:r></w:moveFrom>"
    paragraph._p.append(parse_xml(moved))
    document.add_paragraph("Efter")
    document.save(str(tmp_path / "a.docx"))
    assert read_document(tmp_path / "a.docx").text.split("\n\n") == ["Ankeret", "I boksen", "Efter"]


def test_notes_stand_at_the_end(tmp_path):
    document = docx.Document()
    document.add_paragraph("Vi støtter princip C.")
    file = io.BytesIO()
    document.save(file)
    notes = f"<w:footnotes {W}><w:footnote w:type='separator' w:id='0'><w:p/></w:footnote>"
    notes += "<w:footnote w:id='1'><w:p><w:r><w:t>Se bilaget.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("word/footnotes.xml", notes)
    (tmp_path / "a.docx").write_bytes(file.getvalue())
    assert read_document(tmp_path / "a.docx").text == "Vi støtter princip C.\n\nSe bilaget."
