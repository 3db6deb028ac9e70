"""The same responses in every format give the same passages and sections."""

import pytest

from document_corpus import SOFFICE, as_table_pdf, build, measured, sheet
from policydiff.documents import load_policy, parse_response, read_document
from test_documents_passages import check_seed, is_exact, judged, seed_blocks

ROOMY = ("pdf tight table office",)  # nothing on such a page tells where many of its paragraphs end


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return build(tmp_path_factory.mktemp("corpus"))


def test_each_format_gives_the_passages_of_the_plain_text(corpus):
    values = measured(corpus)
    print("\n".join(f"{form:32} {value:.3f}" for form, value in values.items()))
    assert {form: v for form, v in values.items() if v < 0.98 and form not in ROOMY} == {}
    assert all(values[form] >= 0.84 for form in ROOMY if form in values)
    assert len(values) >= (30 if SOFFICE else 20)


def test_spans_are_exact_in_every_format(corpus):
    for files in corpus.values():
        for path in files[:3]:
            if path.suffix not in (".csv", ".xlsx", ".jsonl"):
                document = read_document(path)
                _, blocks = parse_response(document, response_id="r")
                is_exact(document.text, blocks)


@pytest.mark.parametrize("ruled", [True, False], ids=["ruled", "borderless"])
def test_the_first_response_as_a_two_column_pdf(tmp_path, ruled):
    path = tmp_path / "svar.pdf"
    as_table_pdf([b for b in seed_blocks() if not b.text.startswith("mailto")], path, ruled=ruled)
    document = read_document(path)
    response, blocks = parse_response(document, response_id="r1")
    is_exact(document.text, blocks)
    check_seed(blocks)
    assert response.respondent.startswith("Steno Diabetes Center Copenhagen")
    pages = [block.page for block in judged(blocks)]
    assert pages == sorted(pages)
    assert (pages[0], pages[-1]) == (1, 3)


@pytest.mark.skipif(SOFFICE is None, reason="needs LibreOffice")
@pytest.mark.parametrize("suffix", ["odt", "rtf", "pdf", "docx", "html"])
def test_the_draft_has_the_same_provisions_in_every_format(tmp_path, suffix, koebenhavn):
    from document_corpus import as_docx, converted
    from policydiff.documents.lines import lines_of
    from policydiff.documents.passages import Block

    gold = load_policy(koebenhavn / "udkast.md")
    text = (koebenhavn / "udkast.md").read_text(encoding="utf-8")
    blocks = [
        Block(0, 0, "heading" if line.text.startswith("#") else "paragraph", line.text.lstrip("# "), line.text)
        for line in lines_of(text)
    ]
    path = tmp_path / "udkast.docx"
    as_docx(blocks, path)
    if suffix != "docx":
        converted([path], suffix, tmp_path / "out")
        path = tmp_path / "out" / f"udkast.{suffix}"
    found = load_policy(path)
    shown = [(p.kind, p.label, " ".join(p.title.split())) for p in found.provisions]
    assert shown == [(p.kind, p.label, " ".join(p.title.split())) for p in gold.provisions]


def test_footnotes_stand_after_the_paragraph_that_runs_on_over_the_page(tmp_path):
    pdf = sheet(10)
    pdf.add_page()
    pdf.multi_cell(0, 5, "Vi støtter princip C.\n\nDet er dog vigtigt for os, at aftalerne", align="L")
    pdf.set_y(270)
    pdf.set_font("free", size=7)
    pdf.multi_cell(0, 4, "1 Se vores tidligere svar.", align="L")
    pdf.set_font("free", size=10)
    pdf.add_page()
    pdf.multi_cell(0, 5, "bliver klare for alle parter i bydelen.", align="L")
    pdf.output(str(tmp_path / "svar.pdf"))
    _, blocks = parse_response(read_document(tmp_path / "svar.pdf"), response_id="r")
    texts = [" ".join(b.text.split()) for b in judged(blocks)]
    assert texts[1:] == [
        "Det er dog vigtigt for os, at aftalerne bliver klare for alle parter i bydelen.",
        "1 Se vores tidligere svar.",
    ]


def test_pages_without_text_are_told(tmp_path):
    pdf = sheet()
    pdf.add_page()
    pdf.multi_cell(0, 5, "Vi støtter princip C om civilsamfundet.", align="L")
    pdf.add_page()
    pdf.rect(20, 20, 50, 50, style="F")
    pdf.output(str(tmp_path / "svar.pdf"))
    document = read_document(tmp_path / "svar.pdf")
    assert document.text.strip() == "Vi støtter princip C om civilsamfundet."
    assert len(document.warnings) == 1
    assert "page 2 of 2" in document.warnings[0]
    assert "ocrmypdf" in document.warnings[0]


def test_labels_in_the_middle_of_their_row_and_columns_of_prose_are_told_apart(tmp_path):
    pdf = sheet()
    pdf.add_page()
    answer = "Vi støtter princip C, og vi synes, at det er godt beskrevet i udkastet.\n" * 4
    for number, label in enumerate(("Generelle\nbemærkninger", "Hvad mangler\nder i planen\nefter jeres\nmening")):
        top = 30 + 70 * number
        pdf.set_xy(70, top)
        lines = pdf.multi_cell(110, 5, answer.strip(), align="L", dry_run=True, output="LINES")
        pdf.set_xy(12, top + (len(lines) - label.count("\n") - 1) * 2.5)
        pdf.multi_cell(50, 5, label, align="L")
        pdf.set_xy(70, top)
        pdf.multi_cell(110, 5, answer.strip(), align="L")
    pdf.output(str(tmp_path / "svar.pdf"))
    _, blocks = parse_response(read_document(tmp_path / "svar.pdf"), response_id="r")
    labels = [b.section for b in blocks if b.kind == "heading"]
    assert labels == ["Generelle bemærkninger", "Hvad mangler der i planen efter jeres mening"]
    pdf = sheet()
    pdf.add_page()
    for column in range(2):
        for row, words in enumerate(("Vi har læst planen.", "Den er god, og vi takker.", "Men den mangler mål.")):
            pdf.set_xy(12 + 95 * column, 30 + 15 * row)
            pdf.multi_cell(80, 5, words * 4, align="L")
    pdf.output(str(tmp_path / "spalter.pdf"))
    _, blocks = parse_response(read_document(tmp_path / "spalter.pdf"), response_id="r")
    assert [b.kind for b in blocks] == ["paragraph"] * 6


def test_columns_written_across_the_page_are_read_one_after_the_other(tmp_path):
    left = "Vi har læst planen med interesse, og vi synes, at den er klar og god på mange af de vigtige punkter. " * 3
    right = "Men den mangler mål for de ældre, som ofte er alene, og for de mange børn i byens nye kvarterer. " * 3
    pdf = sheet()
    pdf.add_page()
    columns = [pdf.multi_cell(80, 5, words.strip(), align="L", dry_run=True, output="LINES") for words in (left, right)]
    for row, pair in enumerate(zip(*columns, strict=False)):
        for column, words in enumerate(pair):
            pdf.text(12 + 95 * column, 30 + 5 * row, words)
    pdf.output(str(tmp_path / "spalter.pdf"))
    text = " ".join(read_document(tmp_path / "spalter.pdf").text.split())
    assert len(columns[0]) >= 6
    rows = min(map(len, columns))
    assert text == " ".join([*columns[0][:rows], *columns[1][:rows]])
