"""Drafts and responses of odd shapes through the whole pipeline: one provision, hundreds, near-twins, two languages."""

import itertools
import time

import pytest

from policydiff.comparing import Comparer
from policydiff.documents.reading import document_from_text
from policydiff.evidence.embeddings import load_encoder
from policydiff.models import Policy, Provision

ENCODER = load_encoder("static")


def comparer(language: str, provisions: list[tuple[str, str, str, str]]) -> Comparer:
    """Of a draft whose provisions are (kind, label, title, text); their ids are their labels."""
    text, made = "Udkast\n\n", []
    for kind, label, title, body in provisions:
        text += f"{kind.capitalize()} {label}: {title}\n"
        start, end = len(text), len(text) + len(body)
        made.append(Provision(id=label, kind=kind, label=label, title=title, text=body, start=start, end=end))
        text += body + "\n\n"
    return Comparer(
        Policy(id="d", title="Udkast", language=language, text=text, provisions=tuple(made)), encoder=ENCODER
    )


def ranked(comparer: Comparer, *passages: str) -> list[list[str]]:
    """The accepted provisions of each passage, the surest first."""
    compared = comparer.compare_one(document_from_text("\n\n".join(passages) + "\n"))
    assert [p.text for p in compared.passages] == list(passages)
    return [
        [
            f.provision_id
            for f in sorted(compared.findings, key=lambda f: -f.confidence)
            if f.passage_id == p.id and f.accepted
        ]
        for p in compared.passages
    ]


def spans_are_exact(comparer: Comparer, text: str) -> bool:
    compared = comparer.compare_one(document_from_text(text))
    where = {p.id: p for p in compared.passages}
    return all(
        where[f.passage_id].start <= e.start < e.end <= where[f.passage_id].end
        for f in compared.findings
        for e in f.evidence
        if e.start is not None and e.end is not None
    )


@pytest.fixture(scope="module")
def one():
    text = "Alle nye kommunale bygninger skal have grønne tage, der holder på regnvandet."
    return comparer("da", [("princip", "1", "Grønne tage", text)])


@pytest.fixture(scope="module")
def twins():
    text = "Kommunen anlægger inden 2028 sikre cykelstier fra alle boligområder til den nærmeste "
    return comparer(
        "da",
        [
            ("pejlemærke", "1", "Cykelstier til skolerne", text + "skole."),
            ("pejlemærke", "2", "Cykelstier til stationerne", text + "station."),
        ],
    )


@pytest.fixture(scope="module")
def five_words():
    texts = ("Flere træer i alle gader", "Gratis bus til alle børn", "Byen er rolig om natten")
    return comparer("da", [("mål", str(n), "", text) for n, text in enumerate(texts, 1)])


@pytest.fixture(scope="module")
def many():
    places = ["skolebussen", "biblioteket", "legepladsen", "svømmehallen", "plejehjemmet", "genbrugspladsen", "havnen"]
    places += ["stranden", "skoven", "åløbet", "børnehaven", "tandplejen", "torvet", "broen", "fortovet", "markedet"]
    places += [
        "musikskolen",
        "ungdomsklubben",
        "rådhuset",
        "kirkegården",
        "museet",
        "teatret",
        "stadion",
        "lystbådehavnen",
    ]
    places += ["vandtårnet"]
    deeds = ["udvider åbningstiden for", "forbedrer adgangen til", "halverer udgiften til", "inddrager borgerne i"]
    deeds += [
        "opretter et råd for",
        "måler tilfredsheden med",
        "afskaffer gebyret for",
        "renoverer",
        "lægger en plan for",
    ]
    deeds += [
        "sikrer lyset ved",
        "ansætter vagter ved",
        "udliciterer driften af",
        "hjælper frivillige ved",
        "skilter ved",
    ]
    deeds += ["freder området ved", "samler rådgivningen om", "forbyder hunde ved", "køber udstyr til"]
    deeds += ["giver rabat ved", "nedlægger"]
    pairs = itertools.product(places, deeds)
    return comparer(
        "da",
        [
            ("indsats", str(n), f"{deed.capitalize()} {place}", f"Kommunen {deed} {place} senest i {2026 + n % 9}.")
            for n, (place, deed) in enumerate(pairs, 1)
        ],
    )


@pytest.fixture(scope="module")
def danish(koebenhavn):
    return Comparer(koebenhavn / "udkast.md", encoder=ENCODER)


@pytest.fixture(scope="module")
def english():
    return comparer(
        "en",
        [
            ("goal", "1", "Safe streets", "Every street near a school is lit and has a crossing by 2028."),
            ("goal", "2", "Clean water", "No untreated sewage reaches the harbour after 2030."),
            ("principle", "A", "Open books", "Every contract above 50,000 euros is published within a month."),
            ("principle", "B", "Nobody left out", "Letters are written so that a child of twelve understands them."),
        ],
    )


def test_one_provision(one):
    assert ranked(one, "Princip 1 er vi meget glade for.", "Skolebussen kører alt for sjældent i vores by.") == [
        ["1"],
        [],
    ]


def test_the_words_that_tell_twins_apart_decide(twins):
    found = ranked(
        twins,
        "Vi støtter »sikre cykelstier fra alle boligområder til den nærmeste station«.",
        "Vi støtter »sikre cykelstier fra alle boligområder til den nærmeste skole«.",
        "Cykelstierne til stationerne er vigtigst.",
        "Cykelstierne til skolerne er vigtigst.",
        "Pejlemærke 2 er bedst.",
    )
    assert [f[:1] for f in found] == [["2"], ["1"], ["2"], ["1"], ["2"]]


def test_provisions_of_five_words(five_words):
    found = ranked(
        five_words, "Gratis bus til alle børn er en god idé.", "Mål 3 er vi uenige i.", "Flere træer i alle gader!"
    )
    assert [f[:1] for f in found] == [["2"], ["3"], ["1"]]


def test_five_hundred_provisions(many):
    assert len(many.policy.provisions) == 500
    found = ranked(
        many,
        "Indsats 317 støtter vi.",
        "Vi er imod, at kommunen afskaffer gebyret for svømmehallen.",
        "Indsats 12 og 499 bør præciseres.",
        "Den sidste indsats er den bedste.",
    )
    assert [set(f[:2]) for f in found] == [{"317"}, {"67"}, {"12", "499"}, {"500"}]


def test_a_passage_of_twenty_thousand_words_takes_bounded_time(twins):
    provision = twins.policy.provisions[0].text
    text = f"{provision} Vi bor ved havnen og synes, at det bør være klart, hvem der betaler. " * 770
    assert len(text.split()) >= 20_000
    started = time.process_time()
    matches = twins._gatherer.quotes.find(text)
    assert len(matches) >= 770
    assert all(text[m.start : m.end].startswith("Kommunen") for m in matches)
    twins._gatherer.references.find([text], [""])
    assert time.process_time() - started < 20


@pytest.mark.parametrize("text", ["-", "Ingen bemærkninger", "👍", "ok", "...", "?"])
def test_responses_with_next_to_nothing_in_them(twins, text):
    compared = twins.compare_one(document_from_text(text))
    assert not any(f.accepted for f in compared.findings)
    assert {p.disposition for p in compared.passages} <= {"no_position", "boilerplate"}


def test_an_english_response_to_a_danish_draft(danish):
    found = ranked(
        danish,
        "We support principle E and think that it should be more explicit in the text.",
        "Guidepost 3 is too vague for us to agree with it.",
        "Goal 2 is good and we like it very much.",
        "This is only to say that the bus is late again in our street.",
    )
    labels = {p.id: (p.kind, p.label) for p in danish.policy.provisions}
    assert [[labels[i] for i in f[:1]] for f in found] == [
        [("princip", "E")],
        [("pejlemærke", "3")],
        [("pejlemærke", "2")],
        [],
    ]


def test_a_danish_response_to_an_english_draft(english):
    found = ranked(
        english,
        "Vi støtter princip B, og vi mener, at det bør fremgå tydeligere af teksten.",
        "Mål 2 er alt for uklart, og det skal ændres.",
        "Pejlemærke 1 er godt, og det skal blive, som det er.",
    )
    assert [f[:1] for f in found] == [["B"], ["2"], ["1"]]


def test_a_response_that_copies_the_draft(danish):
    text = "\n\n".join(" ".join(p.text.split()) for p in danish.policy.provisions)
    compared = danish.compare_one(document_from_text(text))
    found = {f.provision_id: f for f in compared.findings if f.accepted and f.via == "quote"}
    assert set(found) == {p.id for p in danish.policy.provisions if len(p.text.split()) > 3}
    assert {p.disposition for p in compared.passages} <= {"aligned", "no_position", "out_of_draft", "boilerplate"}
    assert spans_are_exact(danish, text)
