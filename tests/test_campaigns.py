import io
import itertools
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

import policydiff
from policydiff.findings.campaigns import common_text, copied_units, find_copying
from policydiff.findings.groups import Groups
from policydiff.findings.near_copies import FLOOR, near_copies, resemblances
from policydiff.findings.shared_triples import overlap, shared
from policydiff.findings.triples import triples, words_of
from policydiff.models import Comparison, Finding, Passage, Policy, Provenance, Provision, Response, Tally
from policydiff.report.terminal import copying_lines, ledger_of, summary

DRAFT = (
    "Kommunen vil skabe flere fællesskaber på tværs af baggrund, alder og bopæl, så alle borgere kan deltage i "
    "foreningslivet, og så børn og unge møder hinanden i skolen, i klubben og på biblioteket hver eneste uge."
)
POLICY = Policy(
    id="p",
    title="Udkast",
    language="da",
    text=DRAFT,
    provisions=(Provision(id="A", kind="mål", label="A", text=DRAFT, start=0, end=len(DRAFT)),),
)
LETTER = (
    "Vi mener, at biblioteket i Nordby skal bevares, fordi det er det eneste sted i bydelen, hvor ældre, børn og "
    "nyankomne mødes uden at skulle betale for det.",
    "Den foreslåede lukning vil ramme dem, der har længst til de andre tilbud, og den står ingen steder begrundet "
    "med tal for, hvor mange der bruger stedet i dag.",
    "Nej til mål A.",
)
OWN = (
    "Jeg har selv lært dansk på biblioteket sammen med min nabo, og uden de aftener havde jeg aldrig fået det "
    "arbejde på sygehuset, som jeg har haft i fjorten år."
)
OTHER = (
    "Cykelstien langs havnen er for smal, og lyskrydset ved stationen giver kø hver morgen mellem syv og ni, så "
    "skolebørnene kører på fortovet i stedet for."
)
THIRD = (
    "Høringsfristen lå i sommerferien, og bilagene kom først på hjemmesiden fire dage før den udløb, så vores "
    "bestyrelse har ikke kunnet nå at holde møde om sagen."
)


def resemblance(one, other):
    """The Jaccard index of two sets, 0 where both are empty."""
    a, b = set(one), set(other)
    return len(a & b) / len(a | b) if a or b else 0.0


def case(*texts, names=None):
    """Responses with the passages given, one respondent each unless named, and the copying among them."""
    responses, passages = [], []
    for n, parts in enumerate(texts, 1):
        responses.append(
            Response(id=f"r{n}", respondent=f"N{n}", source="", language="da", sha256=" ".join(parts), text="")
        )
        passages += [
            Passage(
                id=f"r{n}/{k}",
                response_id=f"r{n}",
                section="",
                start=0,
                end=len(text),
                text=text,
                disposition="boilerplate" if text.startswith("Med venlig hilsen") else "no_position",
            )
            for k, text in enumerate(parts, 1)
        ]
    numbers = dict(zip([r.id for r in responses], names or range(len(texts)), strict=True))
    return find_copying(POLICY, responses, passages, numbers), responses, passages


def test_a_form_letter_and_what_each_added_to_it():
    copying, _, passages = case(LETTER, (*LETTER, OWN, "Med venlig hilsen Ida"), (OTHER,), LETTER[::-1])
    (campaign,) = copying.campaigns
    assert campaign.response_ids == ("r1", "r2", "r4")
    assert campaign.representative in ("r1", "r4")
    assert FLOOR <= campaign.similarity < 1
    assert campaign.added == {"r2": ("r2/4",)}
    assert set(common_text(copying.campaigns, passages)) >= {"r1/1", "r1/3", "r2/1", "r2/3", "r4/1"}
    assert copying.copied_passages == ()  # the common text is not listed again


def test_a_copied_paragraph_in_an_own_letter():
    copying, _, passages = case((OTHER, LETTER[0]), (OWN, LETTER[0], "Nej."), (OWN.upper() + " Igen.", THIRD))
    assert copying.campaigns == ()
    assert {c.passage_ids for c in copying.copied_passages} == {("r1/2", "r2/2"), ("r2/1", "r3/1")}
    units = copied_units(copying.campaigns, copying.copied_passages, passages)
    assert units["r1/2"] == units["r2/2"] != units["r2/1"]
    assert "r1/1" not in units


def test_a_paragraph_of_a_campaign_in_an_own_letter_goes_with_the_campaign():
    copying, _, passages = case(LETTER, LETTER, (OTHER, OWN, LETTER[0]))
    (campaign,), (copied,) = copying.campaigns, copying.copied_passages
    assert campaign.response_ids == ("r1", "r2")
    assert copied.passage_ids == ("r1/1", "r2/1", "r3/3")
    units = copied_units(copying.campaigns, copying.copied_passages, passages)
    assert units["r1/1"] == (campaign.id, copied.id)
    assert units["r3/3"] == (copied.id,)


@pytest.mark.parametrize(
    "texts",
    [
        ((DRAFT, OWN), (DRAFT, OTHER)),  # both quote the draft at length
        ((f"Vi støtter dette: »{DRAFT}«",), (f"Vi er imod dette: »{DRAFT}«",)),
        (("Ingen bemærkninger.",), ("Ingen bemærkninger.",)),
        (
            ("Vi støtter princip A, fordi det er vigtigt for børnene.",),
            ("Vi støtter princip B, fordi det er vigtigt for børnene.",),
        ),
    ],
    ids=["quotations", "quotations under two verdicts", "too short", "short and alike"],
)
def test_what_is_no_copy(texts):
    copying, *_ = case(*texts)
    assert copying.campaigns == ()
    assert copying.copied_passages == ()


def test_what_one_respondent_sends_twice_is_no_campaign():
    assert case(LETTER, LETTER, names=[0, 0])[0].campaigns == ()
    assert len(case(LETTER, LETTER, LETTER, names=[0, 0, 1])[0].campaigns) == 1


def test_nothing_to_compare():
    assert case()[0].campaigns == case(LETTER)[0].campaigns == ()


def test_order_changes_neither_groups_nor_ids():
    texts = [LETTER, (*LETTER, OWN), (OTHER, OWN), (LETTER[1], LETTER[0]), (OTHER,)]
    first, responses, _ = case(*texts)
    said = {r.id: r.sha256 for r in responses}
    order = [3, 4, 0, 2, 1]
    second, responses, _ = case(*(texts[n] for n in order))
    again = {r.id: r.sha256 for r in responses}
    assert [c.id for c in first.campaigns] == [c.id for c in second.campaigns]
    assert {c.id for c in first.copied_passages} == {c.id for c in second.copied_passages}
    assert said[first.campaigns[0].representative] == again[second.campaigns[0].representative]


def test_triples_end_with_their_text_and_see_through_line_ends_and_typesetting():
    found = triples(["a b c d", "", "en", "b c d e", "BØRNE\u00adhave ﬁn dag", "børne-\nhave fin dag"])
    assert [len(found[n]) for n in range(6)] == [2, 0, 1, 2, 1, 1]
    assert set(found[0].tolist()) & set(found[3].tolist()) == {found[0].tolist()[1]}
    assert found[4].tolist() == found[5].tolist()
    assert len(triples([])) == 0
    assert near_copies(triples([])) == near_copies(triples(["en to", ""])) == []


def test_pairs_are_compared_exactly():
    words = [f"ord{n}" for n in range(400)]
    rng = random.Random(1)  # noqa: S311
    texts = []
    for share in (1.0, 0.9, 0.5, 0.2, 0.0):
        size = int(100 * share)
        texts.append(" ".join(words[:size] + rng.sample(words[100:], 100 - size)))
    found = triples(texts)
    assert [group.tolist() for group in near_copies(found)] == [[0, 1]]  # half of the words are a third of the union
    pairs = list(itertools.product(range(5), repeat=2))
    together = resemblances(found, *np.array(pairs).T)
    assert together.tolist() == [resemblance(found[a].tolist(), found[b].tolist()) for a, b in pairs]
    assert together[2] < FLOOR
    assert resemblances(triples(["", ""]), np.array([0]), np.array([1])) == resemblance([], []) == 0


def test_groups_that_are_joined_by_another_are_one():
    groups = Groups(8)
    groups.join(np.array([5, 7, 2]), np.array([6, 5, 1]))
    groups.join(np.array([6]), np.array([2]))
    assert groups.first.tolist() == [0, 1, 1, 3, 4, 1, 1, 1]
    assert [group.tolist() for group in groups.several()] == [[1, 2, 5, 6, 7]]


def test_what_is_held_at_a_time_changes_nothing(monkeypatch):
    rng = random.Random(3)  # noqa: S311
    letters = [[f"{n}x{k}" for k in range(60)] for n in range(4)]
    texts = triples(" ".join(letter[rng.randrange(5) : 50 + rng.randrange(9)]) for letter in letters for _ in range(24))
    numbers, senders = np.arange(len(texts)), np.arange(len(texts)) // 2
    common = shared(texts, numbers, senders, 9)
    whole = [group.tolist() for group in near_copies(texts)]
    alike = overlap(texts, numbers, common).resemblance
    assert len(whole) > 1
    assert len(common)
    for name in ("near_copies._HELD", "near_copies._KEYS", "shared_triples._HELD", "shared_triples._PIECE"):
        monkeypatch.setattr(f"policydiff.findings.{name}", 100)
    assert [group.tolist() for group in near_copies(texts)] == whole
    assert (shared(texts, numbers, senders, 9) == common).all()
    assert (overlap(texts, numbers, common).resemblance == alike).all()


def comparison(copying, responses, passages):
    finding = Finding(
        passage_id="r1/3",
        provision_id="A",
        confidence=0.9,
        accepted=True,
        review=False,
        stances={"challenged": 1},
        labels=("challenged",),
        via="reference",
        evidence=(),
    )
    zero = dict.fromkeys(("endorsed", "challenged", "more_explicit", "proposal", "mentioned", "any"), 0)
    tally = Tally(
        provision_id="A",
        respondents=zero | {"challenged": 3, "any": 3},
        passages=zero,
        collapsed=zero | {"challenged": 1, "any": 3},
    )
    return Comparison(
        provenance=Provenance(version="", models={}, settings={}, inputs={}),
        policy=POLICY,
        responses=responses,
        passages=passages,
        findings=(finding,),
        tallies=(tally,),
        campaigns=copying.campaigns,
        copied_passages=copying.copied_passages,
    )


def test_the_summary_says_what_was_copied_and_shows_collapsed_counts_in_brackets():
    result = comparison(*case(LETTER, LETTER, LETTER))
    console = Console(file=io.StringIO(), width=80)
    console.print(summary(result))
    out = console.file.getvalue()
    assert "3 responses are near-copies of one text" in out
    assert "3 (1)" in out
    assert "3 (3)" not in out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert copying_lines(ledger_of(comparison(*case((OWN,), (OTHER,))))) == []


def test_results_without_campaigns_load():
    result = comparison(*case(LETTER, LETTER))
    old = result.model_dump(mode="json", exclude={"campaigns", "copied_passages", "resubmissions"})
    for row in old["tallies"]:
        del row["collapsed"], row["weighted"]
    assert Comparison.model_validate(old).campaigns == ()
    assert Comparison.model_validate_json(result.model_dump_json()) == result


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(alphabet="ab Åß.\n-\u00ad_7é\u0301😀", max_size=12), max_size=6))
def test_texts_have_the_same_triples_if_they_have_the_same_words(texts):
    found = triples(texts)
    padded = [[*words, *[""] * (3 - len(words))] if words else [] for words in map(words_of, texts)]
    expected = [list(zip(w, w[1:], w[2:], strict=False)) for w in padded]
    assert [len(found[n]) for n in range(len(texts))] == [len(e) for e in expected]
    pairs = {
        (value, triple) for n, e in enumerate(expected) for value, triple in zip(found[n].tolist(), e, strict=True)
    }
    assert len(pairs) == len({value for value, _ in pairs}) == len({triple for _, triple in pairs})


def test_a_comparison_points_out_campaigns_and_counts_them(koebenhavn, tmp_path):
    draft = koebenhavn / "udkast.md"
    letter = "Princip E er vi enige i. " + " ".join(LETTER[:2])
    for name in ("Ida Holm", "Bo Krog", "Else Lund"):
        (tmp_path / f"{name[0]}.txt").write_text(
            f"{letter}\n\n{OWN if name[0] == 'B' else ''}\n\nVenlig hilsen\n{name}\n", encoding="utf-8"
        )
    (tmp_path / "x.txt").write_text((tmp_path / "I.txt").read_text(encoding="utf-8"), encoding="utf-8")
    result = policydiff.compare(draft, [tmp_path], encoder=policydiff.load_encoder("static"))
    (campaign,) = result.campaigns
    assert campaign.response_ids == tuple(r.id for r in result.responses)
    assert {r.respondent for r in result.responses if r.id in campaign.added} == {"Bo Krog"}
    (resubmission,) = result.resubmissions
    assert (resubmission.respondent, len(resubmission.copies)) == ("Ida Holm", 1)
    row = max(result.tallies, key=lambda t: t.respondents["any"])
    assert (row.respondents["any"], row.collapsed["any"], row.weighted["any"]) == (3, 1, 3.0)
