import json
import re
import textwrap
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policydiff.documents import document_from_text, load_policy, parse_policy, read_document
from policydiff.errors import DraftError, UnreadableError

GOLD = sorted((Path(__file__).parent.parent / "fixtures" / "gold").glob("*/*/provisions.json"))
CASES = json.loads((Path(__file__).parent / "cases" / "provisions.json").read_text(encoding="utf-8"))


def key(provision):
    return tuple(" ".join(provision[field].split()) for field in ("kind", "label", "title", "text"))


def keys(policy):
    return [key(provision.model_dump()) for provision in policy.provisions]


def spans_are_exact(policy):
    return all(policy.text[p.start : p.end] == p.text for p in (*policy.provisions, *policy.sections))


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.parent.name)
def test_finds_every_labelled_provision_and_no_other(path):
    gold = json.loads(path.read_text(encoding="utf-8"))
    policy = parse_policy(read_document(path.parent / "draft.md"))
    found = [(p.kind, p.label, p.title, p.text) for p in policy.provisions]
    assert sorted(found) == sorted((p["kind"], p["label"], p["title"], p["text"]) for p in gold["provisions"])
    assert (policy.title, policy.language) == (gold["title"], gold["language"])
    assert spans_are_exact(policy)
    headings = re.findall(r"(?m)^## (.*)", policy.text)
    assert [s.title for s in policy.sections] == [policy.title, *headings[-(len(policy.sections) - 1) :]]


@pytest.mark.parametrize("width", [None, 72], ids=["a line a paragraph", "wrapped"])
@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.parent.name)
def test_finds_labelled_provisions_without_heading_marks(path, width):
    """Titles without a label are then no longer told from other headings; nothing else is lost or made up."""
    gold = [key(p) for p in json.loads(path.read_text(encoding="utf-8"))["provisions"]]
    text = re.sub(r"(?m)^#+ ", "", (path.parent / "draft.md").read_text(encoding="utf-8"))
    if width:
        text = "\n".join(textwrap.fill(line, width, break_on_hyphens=False) for line in text.split("\n"))
    found = keys(parse_policy(document_from_text(text)))
    assert set(found) <= set(gold)
    assert {name for name in gold if name[1]} <= set(found)


@pytest.mark.parametrize("path", GOLD[::6], ids=lambda path: path.parent.name)
def test_finds_the_same_in_a_word_file(path, tmp_path):
    file = docx.Document()
    for line in (path.parent / "draft.md").read_text(encoding="utf-8").split("\n"):
        marks = re.match(r"(#+) (.*)", line)
        if marks:
            file.add_heading(marks[2], level=len(marks[1]) - 1)
        elif line:
            file.add_paragraph(line)
    file.save(str(tmp_path / "draft.docx"))
    gold = [key(p) for p in json.loads(path.read_text(encoding="utf-8"))["provisions"]]
    assert sorted(keys(parse_policy(read_document(tmp_path / "draft.docx")))) == sorted(gold)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_forms_of_provisions(case):
    policy = parse_policy(document_from_text("\n".join(case["draft"])))
    found = [[p.id, p.kind, p.label, p.title, " ".join(p.text.split()), p.parent_id] for p in policy.provisions]
    assert found == case["provisions"]
    assert spans_are_exact(policy)


LAW = """# Forslag til lov om grønne byrum

## Kapitel 1

Formål og anvendelse

§ 1. Loven har til formål at sikre grønne byrum i alle kommuner.

Stk. 2. Loven gælder også for havnearealer.

§ 2. Kommunalbestyrelsen kan give dispensation.

## Kapitel 2

Tilladelser

§ 3. Der skal søges om tilladelse til fældning af træer.

## Kapitel 3. Straf

§ 4. Overtrædelse straffes med bøde.
"""


def law(form, folder):
    """The law as a draft: chapters marked or not, deeper than the sections, in bold, without blank lines, in Word."""
    if form.startswith("docx"):
        file = docx.Document()
        for line in filter(None, LAW.split("\n")):
            style = form.removeprefix("docx ") if "Kapitel" in line else "Title" if line[0] == "#" else None
            file.add_paragraph(line.lstrip("# "), style=style)
        file.save(str(folder / "lov.docx"))
        return read_document(folder / "lov.docx")
    marked = re.sub(r"(?m)^§ (\d)\. ", r"## § \1\n\n", LAW)
    texts = {
        "md": LAW,
        "md marked": marked,
        "md deeper": marked.replace("## Kap", "### Kap"),
        "md plain": LAW.replace("## Kap", "Kap"),
        "md bold": re.sub(r"## (Kap.*)", r"**\1**", LAW),
        "txt": re.sub(r"(?m)^#+ ", "", LAW),
        "txt tight": re.sub(r"(?m)^#+ ", "", LAW).replace("\n\n", "\n"),
    }
    return document_from_text(texts[form], "lov.txt")


@pytest.mark.parametrize(
    "form",
    ["md", "md marked", "md deeper", "md plain", "md bold", "txt", "txt tight", "docx Normal", "docx Heading 2"],
)
def test_a_chapter_ends_the_provision_before_it(form, tmp_path):
    policy = parse_policy(law(form, tmp_path))
    shown = [(p.label, p.title, p.text.split()[0], p.text[-6:]) for p in policy.provisions]
    assert shown == [
        ("§ 1", "", "Loven", "muner."),
        ("§ 1, stk. 2", "", "Loven", "ealer."),
        ("§ 2", "", "Kommunalbestyrelsen", "ation."),
        ("§ 3", "", "Der", "træer."),
        ("§ 4", "", "Overtrædelse", " bøde."),
    ]
    chapters = [s.title for s in policy.sections if "Kapitel" in s.title]
    assert chapters[-1] == "Kapitel 3. Straf"
    assert [title[:9] for title in chapters] == ["Kapitel 1", "Kapitel 2", "Kapitel 3"]
    assert spans_are_exact(policy)


def test_what_a_chapter_says_itself_is_in_its_section():
    said = "Dette kapitel handler om tilladelser, som kommunen giver."
    policy = parse_policy(document_from_text(LAW.replace("Tilladelser\n", f"Tilladelser\n\n{said}\n")))
    (section,) = [s for s in policy.sections if "Kapitel 2" in s.title]
    assert section.title == "Kapitel 2 Tilladelser"
    assert section.text.endswith(said)
    assert [p.label for p in policy.provisions] == ["§ 1", "§ 1, stk. 2", "§ 2", "§ 3", "§ 4"]


@pytest.mark.parametrize("line", ["Kapitel 2 i planen handler om, hvad vi vil gøre ved det.", "kapitel 2", "Del gerne"])
def test_a_line_of_prose_is_no_chapter(line):
    text = f"§ 1. Loven gælder i hele landet, og den\n{line}\n\n§ 2. Loven træder i kraft."
    policy = parse_policy(document_from_text(text), language="da")
    assert policy.provisions[0].text.endswith(line)


def test_a_draft_without_provisions_says_what_to_do():
    with pytest.raises(DraftError, match=r"Princip A.*JSON"):
        parse_policy(document_from_text("Dette er bare en tekst.\n\nDen siger ikke noget."))


@given(
    st.lists(
        st.sampled_from(
            ["Pejlemærke 1: A", "Mål", "1. x", "§ 2. Y", "Stk. 2. Z", "## Principper", "### A B", "", "tekst."]
        )
    )
)
def test_any_mixture_gives_exact_spans_and_unique_ids(lines):
    try:
        policy = parse_policy(document_from_text("\n".join(lines)))
    except (DraftError, UnreadableError):
        return
    ids = [p.id for p in policy.provisions]
    assert len(set(ids)) == len(ids)
    assert spans_are_exact(policy)
    assert all(
        p.text and p.parent_id != p.id and (p.parent_id is None or p.parent_id in ids) for p in policy.provisions
    )


@pytest.fixture
def exported(tmp_path):
    draft = "# Plan\n\n## Mål\n\n### 1 Cykler\n\nFlere stier.\n\n### 2 Biler\n\nFærre biler.\n"
    (tmp_path / "plan.md").write_text(draft, encoding="utf-8")
    policy = load_policy(tmp_path / "plan.md")
    path = tmp_path / "plan.json"
    path.write_text(policy.model_dump_json(), encoding="utf-8")
    return policy, path


def change(path, edit):
    data = json.loads(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def test_json_comes_back_as_it_was(exported):
    policy, path = exported
    assert load_policy(path) == policy


def test_spans_are_looked_up_when_wrong_or_missing(exported):
    policy, path = exported

    def edit(data):
        data["provisions"][0].update(start=3, end=5)
        del data["provisions"][1]["start"], data["provisions"][1]["end"]

    change(path, edit)
    assert load_policy(path) == policy


def test_changed_texts_are_laid_out_anew(exported):
    _, path = exported
    change(path, lambda data: data["provisions"][1].update(text="Slet ingen biler."))
    policy = load_policy(path)
    assert [p.text for p in policy.provisions] == ["Flere stier.", "Slet ingen biler."]
    assert spans_are_exact(policy)


def test_json_errors_name_the_field(exported):
    _, path = exported
    change(path, lambda data: data["provisions"][0].pop("kind"))
    with pytest.raises(UnreadableError, match=r"provisions\.0\.kind"):
        load_policy(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(UnreadableError, match="JSON"):
        load_policy(path)
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(UnreadableError, match="not a policy"):
        load_policy(path)


def test_ids_must_be_unique_and_parents_known(exported):
    _, path = exported
    change(path, lambda data: data["provisions"][1].update(id=data["provisions"][0]["id"]))
    with pytest.raises(DraftError, match="mål-1"):
        load_policy(path)
    change(path, lambda data: data["provisions"][1].update(id="x", parent_id="y"))
    with pytest.raises(DraftError, match="'y'"):
        load_policy(path)
    change(path, lambda data: data.update(provisions=[]))
    with pytest.raises(DraftError, match="no provisions"):
        load_policy(path)


def test_the_title_of_a_word_draft_is_its_first_heading(tmp_path):
    document = docx.Document()
    for words, level in (("Udkast til politik", 1), ("Principper", 2), ("Princip A: Åbenhed", 3)):
        document.add_heading(words, level)
    document.add_paragraph("Alle skal kunne se, hvad vi gør.")
    document.save(str(tmp_path / "draft.docx"))
    policy = parse_policy(read_document(tmp_path / "draft.docx"))
    assert policy.title == "Udkast til politik"
    assert [(p.kind, p.label, p.title) for p in policy.provisions] == [("princip", "A", "Åbenhed")]


def test_the_first_provision_may_stand_right_below_the_title():
    text = "Klimaplan for Havneby\nMål 1: Fossilfri varme\nVi vil fyre med vind.\nMål 2: Skov\nVi vil plante træer.\n"
    policy = parse_policy(document_from_text(text), language="da")
    assert [(p.label, p.title) for p in policy.provisions] == [("1", "Fossilfri varme"), ("2", "Skov")]
