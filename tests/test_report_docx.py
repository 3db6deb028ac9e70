import io
import shutil
import subprocess
import zipfile
from datetime import date

import docx
import pypdfium2
import pytest
from docx.oxml.ns import qn

from document_corpus import SOFFICE
from policydiff.cli import main
from policydiff.documents import normalise
from policydiff.errors import SettingsError, UnreadableError
from policydiff.models import STANCES
from policydiff.report.docx import Hearing, load_hearing, said, write
from policydiff.report.docx.quoting import LONGEST, plain, quoted
from policydiff.report.docx.words import Words
from report_cases import made_result


@pytest.fixture(scope="module")
def made():
    return made_result()


@pytest.fixture(scope="module")
def memo(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("memo") / "memo.docx"
    write(made, path)
    return docx.Document(str(path))


def texts(document):
    return [p.text for p in document.paragraphs]


def headings(document, level):
    return [p.text for p in document.paragraphs if p.style.name == f"Heading {level}"]


def under(document, heading):
    """The paragraphs below a heading, up to the next one of its level or above."""
    found, level = [], None
    for p in document.paragraphs:
        if p.style.name.startswith("Heading"):
            if level is not None and p.style.name <= level:
                break
            if p.text == heading:
                level = p.style.name
        elif level is not None:
            found.append(p.text)
    assert level is not None, f"no heading {heading!r}"
    return found


def test_the_sections_stand_in_order(memo):
    assert texts(memo)[:2] == ["Høringsnotat", "Udkast til politik"]
    assert headings(memo, 1) == [
        "Høringen",
        "Hvem har svaret",
        "Oversigt",
        "De enkelte bestemmelser",
        "Bestemmelser, som ingen har udtalt sig om",
        "Uden for udkastet",
        "Steder, der bør efterses",
        "Høringssvar, der ikke kunne læses",
        "Sådan er notatet lavet",
    ]
    assert headings(memo, 2) == ["Princip A: Alle med", "Princip B"]
    assert headings(memo, 3) == ["Hvad høringsparterne siger", "Forvaltningens bemærkninger"] * 2


def test_sentences_agree_with_the_number_of_respondents(memo):
    said_of_a = under(memo, "Princip A: Alle med")
    assert said_of_a[0] == "Tre høringsparter har udtalt sig om princip A i tre afsnit."
    assert "To høringsparter støtter princip A: @Foreningen og -Klubben med to linjer." in said_of_a
    assert "Én høringspart kritiserer princip A: =1+1." in said_of_a
    assert "Én høringspart ønsker princip A tydeligere: @Foreningen." in said_of_a


def test_the_matrix_holds_the_tallies(memo, made):
    rows = [[c.text for c in row.cells] for row in memo.tables[2].rows]
    assert rows[0][1:] == ["Støttes", "Kritiseres", "Ønskes tydeligere", "Forslag", "Nævnes", "I alt"]
    counts = [[t.respondents[s] for s in (*STANCES, "any")] for t in made.tallies]
    assert [[0 if c == "–" else int(c) for c in row[1:]] for row in rows[1:]] == counts
    assert any(map(any, counts))


def test_respondents_are_listed_with_their_passages(memo):
    rows = [[c.text for c in row.cells] for row in memo.tables[1].rows]
    assert rows[2] == ["-Klubben med to linjer", "ukendt", "r2.txt", "2", "1"]


def test_a_long_passage_is_quoted_by_the_sentences_of_the_stance(memo):
    quotes = [t for t in under(memo, "Princip A: Alle med") if "@Foreningen, under" in t]
    assert quotes[0].startswith("1.\t”Vi støtter princip A. […]” — @Foreningen, under »4.10«, s. 1")
    assert "”[…] Men princip A skal være klarere.” — @Foreningen" in quotes[1]


def test_words_quoted_already_are_referred_to(memo):
    assert "\t@Foreningen: se citat 5" in under(memo, "Princip B")


def test_silence_outside_review_and_failures_are_told(memo):
    assert under(memo, "Bestemmelser, som ingen har udtalt sig om")[1:] == ["§ 4.10: Pris"]
    assert "”Busserne kører for sent.”" in under(memo, "Uden for udkastet")[1]
    review = under(memo, "Steder, der bør efterses")
    assert review[0] == "Ét citat ovenfor er usikkert og er mærket ”bør efterses”: 5."
    assert review[2].startswith("•\tPrincip B (sikkerhed 0,35): ”+45 er vores kode”")
    assert any(t.startswith("5.\t") and t.endswith("[bør efterses]") for t in under(memo, "Princip B"))
    assert under(memo, "Høringssvar, der ikke kunne læses")[1:] == [
        "scan.pdf: has no text layer",
        "=tom.txt: is empty",
    ]
    made_by = " ".join(under(memo, "Sådan er notatet lavet"))
    assert "policydiff 0.1.0" in made_by
    assert "mindst 0,46; mellem 0,30 og 0,70" in made_by
    assert "et menneske læser" in made_by


def test_every_accepted_finding_has_a_comment_anchored_on_its_quotation(memo, made):
    comments = {c.comment_id: c.text for c in memo.comments}
    accepted = [f for f in made.findings if f.accepted]
    assert len(comments) == sum(p.style.name == "Quote" and p.text[0].isdigit() for p in memo.paragraphs)
    for finding in accepted:
        assert any(f"Id: {finding.id}" in text for text in comments.values())
    body = memo.element.body
    for mark in ("w:commentRangeStart", "w:commentRangeEnd", "w:commentReference"):
        assert sorted(int(e.get(qn("w:id"))) for e in body.iter(qn(mark))) == sorted(comments)
    start = next(iter(body.iter(qn("w:commentRangeStart"))))
    assert "Vi støtter princip A." in "".join(t.text for t in start.getparent().iter(qn("w:t")))
    first = comments[int(start.get(qn("w:id")))]
    for line in (
        "Fundet ved: henvisning. Sikkerhed: 0,90.",
        "Henvisning: ”princip A”",
        "Udkastets ord: ”Alle skal høres.”",
    ):
        assert line in first
    assert "Fil: r1.txt, tegn 0–" in first
    assert all(c.timestamp is None for c in memo.comments)


def test_very_many_findings_are_all_quoted_and_the_least_sure_commented(made, tmp_path, monkeypatch):
    monkeypatch.setattr(said, "MOST_COMMENTS", 2)
    write(made, tmp_path / "memo.docx")
    document = docx.Document(str(tmp_path / "memo.docx"))
    assert ["r1/2:b" in c.text for c in document.comments].count(True) == 1
    assert {c.text.splitlines()[-1] for c in document.comments} == {"Id: r1/1:a", "Id: r1/2:b"}
    assert any("har kun 2 af 5 fund kommentarer" in t for t in texts(document))
    assert sum(p.style.name == "Quote" and p.text[0].isdigit() for p in document.paragraphs) == 6


def test_all_that_is_said_on_the_real_case_is_there(seed_result, tmp_path):
    write(seed_result, tmp_path / "memo.docx")
    document = docx.Document(str(tmp_path / "memo.docx"))
    whole = "\n".join(c.text for c in document.comments)
    accepted = [f for f in seed_result.findings if f.accepted]
    assert len(document.comments) >= len(accepted)
    assert all(f"Id: {f.id}" in whole for f in accepted)
    assert any(
        "Vi bifalder det princip (E) der beskriver integration som en gensidig proces" in t for t in texts(document)
    )
    assert any(
        t.startswith("Én høringspart ønsker princip E tydeligere: Steno Diabetes Center") for t in texts(document)
    )
    tallies = [t for t in seed_result.tallies if t.respondents["any"]]
    assert len(headings(document, 2)) == len(tallies)
    outside = sum(p.disposition == "out_of_draft" for p in seed_result.passages)
    assert len(under(document, "Uden for udkastet")) == outside + 1


def test_quotations_are_word_for_word(seed_result):
    passages = {p.id: p for p in seed_result.passages}
    for finding in seed_result.findings:
        passage = passages[finding.passage_id]
        for stance in finding.labels:
            shown = quoted(finding, passage, stance, "da").text
            assert shown.strip("[…] ")
            for part in shown.split("[…]"):
                assert part.strip() in normalise(passage.text).text


def test_hostile_text_gives_a_document_that_word_can_hold(memo):
    shown = next(t for t in texts(memo) if "princip� A" in t)
    assert "Vi støtter� princip� A �abc� \u200fשלום\u200f � " in shown
    assert "<b>tegn</b> & mere." in shown
    assert not any(c in t for t in texts(memo) for c in "\x00\x07\u202e\u202c\ufffe")


def test_plain_text_has_nothing_xml_forbids():
    every = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0xD800, 0xFFFE, 0xFFFF]))
    assert set(plain(f"a{every}b")) <= set("ab �")


def test_a_very_long_quotation_is_cut(made):
    passage = made.passages[0]
    bare = made.findings[0].model_copy(update={"cues": (), "evidence": ()})
    assert len(quoted(bare, passage, "endorsed", "da").text) <= LONGEST + 5
    assert quoted(bare, passage, "endorsed", "xx").text.endswith("[…]")


def test_the_table_of_contents_is_filled_in_and_leads_to_the_headings(memo):
    body = memo.element.body
    (contents,) = [s for s in body.iter(qn("w:sdt")) if s.find(f"{qn('w:sdtPr')}/{qn('w:docPartObj')}") is not None]
    assert any("TOC \\o" in i.text for i in contents.iter(qn("w:instrText")))
    links = {
        h.get(qn("w:anchor")): "".join(t.text for t in h.iter(qn("w:t"))) for h in contents.iter(qn("w:hyperlink"))
    }
    assert list(links.values()) == [p.text for p in memo.paragraphs if p.style.name in ("Heading 1", "Heading 2")]
    bookmarks = {b.get(qn("w:name")) for b in body.iter(qn("w:bookmarkStart"))}
    assert set(links) <= bookmarks
    marks = [f.get(qn("w:fldCharType")) for f in contents.iter(qn("w:fldChar"))]
    assert marks == ["begin", "separate", "end"]
    matrix = {h.get(qn("w:anchor")) for h in memo.tables[2]._tbl.iter(qn("w:hyperlink"))}
    assert matrix
    assert matrix <= bookmarks
    assert memo.settings.element.find(qn("w:updateFields")) is None


def test_pages_are_numbered_and_the_language_is_set(memo):
    footer = memo.sections[0].footer.paragraphs[0]._p
    assert [i.text.strip() for i in footer.iter(qn("w:instrText"))] == ["PAGE", "NUMPAGES"]
    assert memo.core_properties.language == "da-DK"
    assert memo.core_properties.title == "Høringsnotat: Udkast til politik"
    assert memo.styles.element.find(f"{qn('w:docDefaults')}//{qn('w:lang')}").get(qn("w:val")) == "da-DK"
    assert memo.settings.element.find(qn("w:proofState")) is None


def filled_fields(document):
    return {
        s.find(f"{qn('w:sdtPr')}/{qn('w:alias')}").get(qn("w:val"))
        for s in document.element.body.iter(qn("w:sdt"))
        if s.find(f"{qn('w:sdtPr')}/{qn('w:alias')}") is not None
    }


def test_what_nobody_told_is_a_field_to_fill_in(memo):
    assert filled_fields(memo) == {
        "Myndighed",
        "Sagsnummer",
        "Kontaktperson",
        "Høringsperiode",
        "Hørte parter",
        "Forvaltningens bemærkninger",
    }


def test_the_facts_of_the_hearing_are_written(made, tmp_path):
    hearing = Hearing(
        authority="Byen", case="12/34", start=date(2023, 1, 10), end=date(2023, 2, 8), heard=("@foreningen", "Rådet")
    )
    write(made, tmp_path / "memo.docx", hearing=hearing)
    document = docx.Document(str(tmp_path / "memo.docx"))
    assert filled_fields(document) == {"Kontaktperson", "Forvaltningens bemærkninger"}
    facts = {row.cells[0].text: row.cells[1].text for row in document.tables[0].rows}
    assert facts["Høringsperiode"] == "10. januar 2023 til 8. februar 2023"
    missing = "Af dem er følgende ikke genfundet under samme navn blandt afsenderne: Rådet."
    assert missing in under(document, "Høringen")
    assert document.core_properties.author == "Byen"


@pytest.mark.parametrize("text", ["authority = 4", "heard = 'x'", "ukendt = 1", "= ="])
def test_a_wrong_hearing_file_is_refused(tmp_path, text):
    (tmp_path / "h.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"h\.toml"):
        load_hearing(tmp_path / "h.toml")


def test_in_english_numbers_and_verbs_agree(made, tmp_path):
    write(made, tmp_path / "memo.docx", language="en")
    document = docx.Document(str(tmp_path / "memo.docx"))
    assert "Two respondents endorse princip A: @Foreningen and -Klubben med to linjer." in texts(document)
    assert "One respondent challenges princip A: =1+1." in texts(document)
    assert document.core_properties.language == "en-GB"
    danish = [r for r in document.element.body.iter(qn("w:lang")) if r.get(qn("w:val")) == "da-DK"]
    assert danish  # quotations keep their own language for the spell check
    with pytest.raises(SettingsError, match="available: da, en"):
        write(made, tmp_path / "memo.docx", language="xx")


def test_both_languages_have_the_same_words():
    def shape(value):
        if isinstance(value, dict):
            return {key: shape(v) for key, v in value.items()}
        return len(value) if isinstance(value, list) else None

    assert shape(Words("da").own) == shape(Words("en").own)


def test_many_names_are_not_all_in_the_sentence():
    names = [f"n{i}" for i in range(40)]
    assert Words("da").listed(names).endswith("n10, n11 og 28 andre")
    assert Words("da").listed(names[:13]).endswith("n11 og n12")


def test_the_same_result_gives_the_same_bytes(made, tmp_path):
    write(made, tmp_path / "a.docx")
    write(made_result(), tmp_path / "b.docx")
    data = (tmp_path / "a.docx").read_bytes()
    assert data == (tmp_path / "b.docx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert {i.date_time for i in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = file.read("docProps/core.xml")
        assert b"created" not in core
        assert b"modified>" not in core


def template(path, *, without=(), content_type=None):
    document = docx.Document()
    document.styles["Heading 1"].font.name = "Comic Sans MS"
    document.sections[0].header.paragraphs[0].text = "Kommunens brevhoved"
    document.sections[0].footer.paragraphs[0].text = "Kommunens bund"
    document.add_paragraph("Eksempeltekst, der skal væk")
    for name in without:
        document.styles[name].delete()
    document.save(str(path))
    if content_type:
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(path, "w") as new:
            for item in old.infolist():
                new.writestr(item.filename, old.read(item).replace(b"document.main+xml", content_type))


@pytest.mark.parametrize("content_type", [None, b"template.main+xml"])
def test_the_template_gives_styles_header_and_footer(made, tmp_path, content_type):
    path = tmp_path / "skabelon.dotx"
    template(path, without=("Quote", "Title", "Heading 2", "Table Grid"), content_type=content_type)
    write(made, tmp_path / "memo.docx", template=path)
    document = docx.Document(str(tmp_path / "memo.docx"))
    assert document.styles["Heading 1"].font.name == "Comic Sans MS"
    assert document.sections[0].header.paragraphs[0].text == "Kommunens brevhoved"
    assert document.sections[0].footer.paragraphs[0].text == "Kommunens bund"
    assert "Eksempeltekst, der skal væk" not in texts(document)
    assert {p.style.name for p in document.paragraphs} >= {"Title", "Heading 2", "Quote"}
    assert document.styles["Quote"].base_style.name == "Normal"
    used = {e.get(qn("w:val")) for t in ("w:pStyle", "w:tblStyle") for e in document.element.body.iter(qn(t))}
    assert used <= {s.style_id for s in document.styles}


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_a_template_that_is_no_word_document_is_refused(made, tmp_path, content):
    path = tmp_path / "skabelon.docx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"skabelon\.docx: (is no Word document|cannot be read)"):
        write(made, tmp_path / "memo.docx", template=path)


def test_a_result_without_responses_still_gives_a_memo(made, tmp_path):
    empty = made.model_copy(update={"responses": (), "passages": (), "findings": (), "errors": ()})
    write(empty, tmp_path / "memo.docx")
    document = docx.Document(str(tmp_path / "memo.docx"))
    assert len(under(document, "Bestemmelser, som ingen har udtalt sig om")) == 4
    assert under(document, "Høringssvar, der ikke kunne læses") == ["Alle filer, der blev givet, er læst."]


def test_the_command_writes_a_memo(seed_result, tmp_path, capsys):
    result = tmp_path / "result.json"
    result.write_text(seed_result.model_dump_json(), encoding="utf-8")
    (tmp_path / "h.toml").write_text('case = "12/34"', encoding="utf-8")
    memo = tmp_path / "memo.docx"
    assert main(["report", str(result), "--docx", str(memo), "--hearing", str(tmp_path / "h.toml")]) == 0
    assert "12/34" in [c.text for row in docx.Document(str(memo)).tables[0].rows for c in row.cells]
    for wrong in (["--docx", str(tmp_path / "no" / "x.docx")], ["--report-language", "en"], []):
        assert main(["report", str(result), *wrong]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 3


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_shows_it_all(made, tmp_path):
    write(made, tmp_path / "memo.docx")
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [
        SOFFICE,
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "memo.docx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    pages = pypdfium2.PdfDocument(tmp_path / "memo.pdf")
    shown = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())
    for words in (
        "Indhold",
        "To høringsparter støtter princip A",
        "[Skriv forvaltningens bemærkninger her]",
        "”[…] Men princip A skal være klarere.”",
        "Side 1 af",
    ):
        assert words in shown, words
    shutil.rmtree(tmp_path / "profile")
