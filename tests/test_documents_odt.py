"""The labels of lists and headings that OpenDocument files do not write out."""

import io
import zipfile

import docx
import pytest

from document_corpus import SOFFICE, converted
from policydiff import load_policy
from policydiff.documents import read_document
from test_documents_word import numbered

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "style")
)


def odt(path, body, styles="", outline=""):
    content = f"<office:document-content {NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
    content += f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    file = io.BytesIO()
    named = f"<office:document-styles {NAMES}><office:styles>{outline}</office:styles></office:document-styles>"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", content)
        archive.writestr("styles.xml", named)
    path.write_bytes(file.getvalue())
    return read_document(path)


def level(n, form, *, display=1, prefix="", suffix=".", tag="list-level-style-number"):
    return (
        f'<text:{tag} text:level="{n}" style:num-format="{form}" text:display-levels="{display}" '
        f'style:num-prefix="{prefix}" style:num-suffix="{suffix}"/>'
    )


def items(*found, more=""):
    inside = "".join(f"<text:list-item>{item}</text:list-item>" for item in found)
    return f'<text:list text:style-name="L1"{more}>{inside}</text:list>'


def p(words):
    return f"<text:p>{words}</text:p>"


def test_lists_are_numbered_by_level_and_go_on_where_they_say_so(tmp_path):
    levels = level(1, "1") + level(2, "a", display=2, suffix=")")
    inner = items(p("a") + p("mere"), p("b")).replace(' text:style-name="L1"', "")
    body = items(p("En") + inner, p("To")) + p("Imellem.")
    body += items(p("Tre"), more=' text:continue-numbering="true"') + p("Og.") + items(p("Forfra"))
    styles = f'<text:list-style style:name="L1">{levels}</text:list-style>'
    document = odt(tmp_path / "a.odt", body, styles)
    shown = ["1. En", "1.a) a", "mere", "1.b) b", "2. To", "Imellem.", "3. Tre", "Og.", "1. Forfra"]
    assert document.text.split("\n\n") == shown
    kinds = [hint.kind for hint in document.hints]
    assert kinds == ["bullet", "bullet", "paragraph", "bullet", "bullet", "paragraph", "bullet", "paragraph", "bullet"]


def test_bullets_have_no_label_and_start_values_count(tmp_path):
    bullet = '<text:list-level-style-bullet text:level="1" text:bullet-char="•"/>'
    styles = f'<text:list-style style:name="L1">{bullet}</text:list-style>'
    assert odt(tmp_path / "a.odt", items(p("Et"), p("To")), styles).text == "Et\n\nTo"
    styles = f'<text:list-style style:name="L1">{level(1, "1", prefix="§ ")}</text:list-style>'
    body = items(p("Loven")).replace("<text:list-item>", '<text:list-item text:start-value="4">') + items(p("Nej"))
    document = odt(tmp_path / "b.odt", body, styles)
    assert document.text == "§ 4. Loven\n\n§ 1. Nej"
    assert [hint.kind for hint in document.hints] == ["paragraph", "paragraph"]


def test_numbers_that_no_list_reaches_take_no_memory(tmp_path):
    styles = level(1, "a").replace('display-levels="1"', 'display-levels="999999999"') + level(999999999, "1")
    styles = f'<text:list-style style:name="L1">{styles}</text:list-style>'
    body = items(p("Loven")).replace("<text:list-item>", '<text:list-item text:start-value="999999999">')
    assert odt(tmp_path / "a.odt", body, styles).text == "999999999. Loven"


def test_headings_are_numbered_by_the_outline(tmp_path):
    outline = level(1, "A", prefix="Princip ", suffix=":", tag="outline-level-style")
    outline = f"<text:outline-style>{outline}{level(2, '', tag='outline-level-style')}</text:outline-style>"
    heads = "".join(
        f'<text:h text:outline-level="{n}">{words}</text:h>{p("Alle har ret til det.")}'
        for n, words in ((1, "Hjælp"), (2, "Uden tal"), (1, "Indsigt"))
    )
    odt(tmp_path / "a.odt", heads, outline=outline)
    found = load_policy(tmp_path / "a.odt").provisions
    assert [(x.label, x.title) for x in found] == [("A", "Hjælp"), ("B", "Indsigt")]


@pytest.mark.skipif(SOFFICE is None, reason="needs LibreOffice")
def test_the_numbers_of_a_word_file_survive_libreoffice(tmp_path):
    document = docx.Document()
    add = numbered(document, [("upperLetter", "Princip %1:"), ("decimal", "%1.%2"), ("lowerRoman", "(%3)")])
    for text, depth in (("Hjælp", 0), ("Straks", 1), ("Gratis", 1), ("For alle", 2), ("Indsigt", 0), ("I sager", 1)):
        add(text, depth)
        if text == "Gratis":
            document.add_paragraph("Et afsnit imellem.")
    document.save(str(tmp_path / "a.docx"))
    converted([tmp_path / "a.docx"], "odt", tmp_path / "out")
    assert read_document(tmp_path / "out" / "a.odt").text == read_document(tmp_path / "a.docx").text
