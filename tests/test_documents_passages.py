import json
import textwrap
from collections import defaultdict
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policydiff.documents import detect_language, document_from_text, normalise, parse_response, read_document, segment

FIXTURES = Path(__file__).parent.parent / "fixtures"
GOLD = sorted((FIXTURES / "gold").glob("*/*/gold.jsonl"))
CASES = json.loads((Path(__file__).parent / "cases" / "passages.json").read_text(encoding="utf-8"))
SEED = FIXTURES / "koebenhavn-2023" / "hoeringssvar-tingbjerg.txt"
SECTIONS = [
    "Afsender (organisation og kontaktoplysninger)",
    "Generelle bemærkninger",
    "Forslag til ændringer i indledende afsnit (forord, indledning og pejlemærker og principper)",
    "Forslag til ændringer i ”Beskæftigelsesområdet”",
    "Forslag til ændringer i ”Sundheds- og omsorgsområdet”",
    "Forslag til ændringer i ”Børne- og ungdomsområdet”",
]


def judged(blocks):
    return [block for block in blocks if block.kind in ("paragraph", "bullet")]


def responses(gold):
    by_response = defaultdict(list)
    for line in gold.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        by_response[record["response"]].append(record)
    return by_response


def is_exact(text, blocks):
    at = 0
    for block in blocks:
        assert at <= block.start < block.end
        assert not text[at : block.start].strip(), "text outside all blocks"
        assert block.text == text[block.start : block.end]
        at = block.end
    assert not text[at:].strip()


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.parent.name)
def test_labelled_passages_are_blocks(path):
    language = json.loads((path.parent / "provisions.json").read_text(encoding="utf-8"))["language"]
    total = same_section = 0
    for name, records in responses(path).items():
        document = read_document(path.parent / "responses" / f"{name}.txt")
        assert detect_language(document.text) == language
        response, blocks = parse_response(document, response_id=name)
        is_exact(document.text, blocks)
        found = {(block.start, block.end): block for block in judged(blocks)}
        assert sorted(found) == sorted((record["start"], record["end"]) for record in records)
        assert response.respondent == document.text.split("\n", 1)[0]
        total += len(records)
        same_section += sum(found[r["start"], r["end"]].section == (r["section"] or "") for r in records)
    assert same_section >= 0.97 * total


@pytest.mark.parametrize("path", GOLD[::4], ids=lambda path: path.parent.name)
@pytest.mark.parametrize("doubled", [False, True], ids=["wrapped", "a blank line after each"])
def test_labelled_passages_survive_wrapping(path, doubled):
    """Most of them: a dump keeps no sign of a paragraph that ends near the margin."""
    total = kept = 0
    for name, records in responses(path).items():
        text = (path.parent / "responses" / f"{name}.txt").read_text(encoding="utf-8")
        if max(map(len, text.split("\n"))) < 200:
            continue
        text = "\n".join(textwrap.fill(line, 70, break_on_hyphens=False) for line in text.split("\n"))
        if doubled:
            text = text.replace("\n\n", "\n \n").replace("\n", "\n\n")
        blocks = segment(document_from_text(text), "da")
        is_exact(text, blocks)
        found = {" ".join(block.text.split()) for block in judged(blocks)}
        total += len(records)
        kept += sum(" ".join(record["text"].split()) in found for record in records)
    assert kept >= 0.97 * total


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_forms_of_responses(case):
    blocks = segment(document_from_text("\n".join(case["response"])), case["language"])
    assert [[block.kind, normalise(block.text).text] for block in blocks] == case["blocks"]


def seed_blocks():
    return segment(read_document(SEED), "da")


def check_seed(blocks):
    headings = [block.section for block in blocks if block.kind == "heading"]
    assert headings == SECTIONS
    shown = [(SECTIONS.index(b.section), b.kind, normalise(b.text).text) for b in judged(blocks)]
    counts = [[sum(s == at and k == kind for s, k, _ in shown) for kind in ("paragraph", "bullet")] for at in range(6)]
    assert counts == [[0, 0], [3, 0], [2, 0], [1, 4], [2, 2], [2, 3]]
    texts = [text for _, _, text in shown]
    assert any(t.startswith("Vi bifalder det princip (E)") and t.endswith("medborgerskab”.") for t in texts)
    assert any(t.startswith("Netop dette princip kunne") and t.endswith("medborgerpolitik.") for t in texts)
    assert any("rammesætning og fællesskab om målsætninger, har det vist sig" in t for t in texts)
    assert not any("mailto" in t or "@" in t for t in texts)


def test_the_first_response():
    document = read_document(SEED)
    response, blocks = parse_response(document, response_id="r1")
    is_exact(document.text, blocks)
    check_seed(blocks)
    assert (response.respondent, response.language) == ("Steno Diabetes Center Copenhagen v. [navn 1]", "da")
    letter = [block for block in blocks if block.kind == "front" and not block.section]
    assert "Høringssvar bedes indsat" in " ".join(block.text for block in letter)


@pytest.mark.parametrize("mark", ["\uf0b7 ", "• ", "- "])
def test_the_first_response_with_its_bullets(mark):
    document = read_document(SEED)
    text, at = "", 0
    for block in seed_blocks():
        if block.kind == "bullet":
            text, at = text + document.text[at : block.start] + mark, block.start
    with_bullets = document_from_text(text + document.text[at:])
    blocks = segment(with_bullets, "da")
    is_exact(with_bullets.text, blocks)
    check_seed(blocks)


@pytest.mark.parametrize("bullets", ["style", "\uf0b7\t"])
def test_the_first_response_as_a_word_template(tmp_path, bullets):
    file = docx.Document()
    file.add_paragraph("Høring vedr. udkast til Københavns Kommunes Integrations- og medborgerskabspolitik 2023-2026")
    file.add_paragraph("Høringssvar bedes indsat i nedenstående skabelon.")
    table = file.add_table(rows=0, cols=2)
    cell = None
    for block in seed_blocks():
        words = normalise(block.text).text
        if block.kind == "heading":
            label, cell = table.add_row().cells
            label.text = words
        elif cell is not None and not words.startswith("mailto"):
            if block.kind == "bullet" and bullets == "style":
                cell.add_paragraph(words, style="List Bullet")
            else:
                cell.add_paragraph((bullets if block.kind == "bullet" else "") + words)
    path = tmp_path / "svar.docx"
    file.save(str(path))
    response, blocks = parse_response(read_document(path), response_id="r1")
    is_exact(response.text, blocks)
    check_seed(blocks)
    assert response.respondent.startswith("Steno Diabetes Center Copenhagen")
    assert [block.kind for block in blocks[:2]] == ["front", "front"]


def test_the_respondent_is_else_the_name_of_the_file():
    response, _ = parse_response(document_from_text("vi er imod det hele.", source="svar-17.txt"), response_id="r")
    assert response.respondent == "svar-17"


def test_the_label_before_a_name_is_not_part_of_it():
    response, _ = parse_response(document_from_text("Afsender: Ældre Sagen\n\nVi er for.\n"), response_id="r")
    assert response.respondent == "Ældre Sagen"


LINES = st.sampled_from(
    [
        "Generelle bemærkninger",
        "# A",
        "- punkt",
        "mailto:x@y.dk",
        "Afsender",
        "1. Ad mål 4",
        "",
        " ",
        "\f",
        "Vi mener, at",
        "det er godt.  ",
    ]
)


@given(st.lists(LINES | st.text(max_size=12), max_size=30).map("\n".join) | st.text(max_size=200))
def test_any_text_is_held_by_its_blocks(text):
    if text.strip():
        for language in ("da", "en"):
            is_exact(text, segment(document_from_text(text), language))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Vi er imod.", "da"),
        ("We disagree with the draft.", "en"),
        ("Nej tak", "da"),
        ("No thank you", "en"),
        ("123", "da"),
    ],
)
def test_languages_of_short_texts(text, language):
    assert detect_language(text) == language
