"""Labels of templates that no language pack knows are found by their recurrence, and nothing else is."""

import docx
import pytest

from policydiff import Comparer, Settings
from policydiff.documents import Document, document_from_text, parse_response
from policydiff.documents.inputs import ResponseInputs
from policydiff.documents.recurring import recurring_headings
from policydiff.gold import gold_folders, read_gold
from policydiff.settings import DocumentSettings

LABELS = (
    "Beskriv med jeres egne ord det, som I især sætter pris på i udkastet til den nye politik",
    "2. Angiv her, hvilke dele af udkastet der efter jeres opfattelse bør tages op igen:",
)
ANSWERS = (
    ("Vi er glade for princip C om civilsamfundet.", "Princip E bør beskrives mere præcist."),
    ("Det er godt, at frivillige nævnes så tidligt.", "Pejlemærke 3 er for uklart for os."),
    ("Afsnittet om sprog er klart skrevet.", "Vi savner et mål for de ældre."),
    ("Vi støtter hele planen.", "Princip A bør udgå."),
    ("Princip B er vigtigt for vores medlemmer.", "Der mangler penge til det hele."),
)
LETTER = "Vi skriver på vegne af beboerne i kvarteret.\n\nVi mener, at princip D er for svagt.\n"


SECTIONS = [label.rstrip(":") for label in LABELS]


def template(answers, gap):
    return "".join(f"{label}{gap}{answer}\n\n" for label, answer in zip(LABELS, answers, strict=True))


def hearing(gap="\n"):
    """Five responses in a template, two letters."""
    texts = [template(answers, gap) for answers in ANSWERS]
    return [document_from_text(text, f"r{n}.txt") for n, text in enumerate([*texts, LETTER, LETTER[:45]])]


def passages(documents, found):
    blocks = [parse_response(d, response_id="r", template=found)[1] for d in documents]
    return [(b.section.rstrip(":"), b.text) for each in blocks for b in each if b.kind in ("paragraph", "bullet")]


@pytest.mark.parametrize("gap", ["\n", "\n\n"], ids=["answer on the next line", "answer after a blank line"])
def test_labels_that_recur_are_sections(gap):
    found = recurring_headings(hearing(gap), DocumentSettings())
    shown = passages(hearing(gap)[:5], found)
    assert [text for _, text in shown] == [answer for pair in ANSWERS for answer in pair]
    assert [section for section, _ in shown] == SECTIONS * 5
    assert passages(hearing(gap)[5:], found) == passages(hearing(gap)[5:], None)


def test_labels_recur_over_formats_and_in_the_left_column_of_tables(tmp_path):
    for n, answers in enumerate(ANSWERS):
        if n % 2:
            (tmp_path / f"r{n}.txt").write_text(template(answers, "\n"), encoding="utf-8")
            continue
        file = docx.Document()
        table = file.add_table(rows=0, cols=2)
        for label, answer in zip(LABELS, answers, strict=True):
            cells = table.add_row().cells
            cells[0].text, cells[1].text = label, answer
        file.save(str(tmp_path / f"r{n}.docx"))
    found = recurring_headings([tmp_path], DocumentSettings())
    documents = [d for d in ResponseInputs([tmp_path]) if isinstance(d, Document)]
    assert [section for section, _ in passages(documents, found)] == SECTIONS * 5


def test_two_files_an_iterator_and_zero_look_for_nothing():
    assert recurring_headings(hearing()[:2], DocumentSettings()) is None
    assert recurring_headings(iter(hearing()), DocumentSettings()) is None
    assert recurring_headings(hearing(), DocumentSettings(recurrence={"sample": 0})) is None


def test_a_rare_label_is_none():
    letters = [document_from_text(f"Brev {n} handler om noget andet.", f"b{n}.txt") for n in range(30)]
    assert recurring_headings(hearing() + letters, DocumentSettings()) is None


def test_lines_of_a_campaign_stay_passages():
    """The same lines, and the same after them; only the name differs, and one adds a line of his own."""
    campaign = "Nej til den nye vej gennem skoven og ja til flere træer i vores by, tak for det\n\n"
    campaign += "Byen har brug for alle sine træer, også om hundrede år\n\nVi siger nej til princip B.\n\n"
    letters = [document_from_text(f"{campaign}Navn {n} Hansen\n", f"k{n}.txt") for n in range(8)]
    letters.append(document_from_text(campaign + "Jeg bor selv ved skoven.\n", "k8.txt"))
    found = recurring_headings(letters, DocumentSettings())
    assert passages(letters, found) == passages(letters, None)


def test_greetings_and_closings_are_no_labels():
    texts = [f"Kære politikere,\n{a} {b}\n\nMed venlig hilsen\nNavn {a[:9]}\n" for a, b in ANSWERS]
    letters = [document_from_text(text, f"b{n}.txt") for n, text in enumerate(texts)]
    assert recurring_headings(letters, DocumentSettings()) is None


@pytest.mark.parametrize("folder", gold_folders(["fixtures/gold"]), ids=lambda folder: folder.name)
def test_the_passages_of_the_labelled_sets_stay(folder):
    documents = list(read_gold(folder).documents.values())
    found = recurring_headings(documents, DocumentSettings())
    assert passages(documents, found) == passages(documents, None)


def test_compare_finds_them_and_one_response_alone_is_read_as_before(koebenhavn):
    comparer = Comparer(koebenhavn / "udkast.md")
    together = comparer.compare(hearing()[:3])
    assert {p.section for p in together.passages} == set(SECTIONS)
    assert comparer.compare(hearing()[:3]) == together
    alone = comparer.compare_one(hearing()[0])
    assert SECTIONS[0] not in {p.section for p in alone.passages}
    off = Comparer(koebenhavn / "udkast.md", settings=Settings(documents={"recurrence": {"sample": 0}}))
    assert off.compare(hearing()[:3]).passages[: len(alone.passages)] == alone.passages
