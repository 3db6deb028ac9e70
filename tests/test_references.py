import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policydiff import languages
from policydiff.errors import SettingsError
from policydiff.evidence.references import ReferenceMatcher
from policydiff.models import Policy, Provision, Section

CASES = Path(__file__).parent / "cases"
DATA = json.loads((CASES / "references.json").read_text(encoding="utf-8"))
# Written before the rules; which of its cases fail is not looked at, only how many.
HELD_OUT = json.loads((CASES / "references_heldout.json").read_text(encoding="utf-8"))


def build(name: str, spec: dict) -> Policy:
    """A draft of provisions [id, kind, label, title, parent?], with chapters [title, first provision]."""
    text, provisions, sections = "", [], []
    chapters = {first: title for title, first in spec.get("chapters", ())}
    for identity, kind, label, title, *parent in spec["provisions"]:
        if identity in chapters:
            text += f"{chapters[identity]}\n"
            intro = "Noget om kapitlet."
            sections.append(
                Section(
                    id=f"c{len(sections)}",
                    title=chapters[identity],
                    text=intro,
                    start=len(text),
                    end=len(text) + len(intro),
                )
            )
            text += intro + "\n\n"
        text += f"{label} {title}\n"
        body = "Noget om dette."
        provisions.append(
            Provision(
                id=identity,
                kind=kind,
                label=label,
                title=title,
                text=body,
                start=len(text),
                end=len(text) + len(body),
                parent_id=parent[0] if parent else None,
            )
        )
        text += body + "\n\n"
    return Policy(
        id=name,
        title=name,
        language=spec["language"],
        text=text,
        provisions=tuple(provisions),
        sections=tuple(sections),
    )


SPECS = DATA["policies"] | HELD_OUT["policies"]
POLICIES = {name: build(name, spec) for name, spec in SPECS.items()}
MATCHERS = {name: ReferenceMatcher(policy) for name, policy in POLICIES.items()}


def named(policy: str, passages: list[str], sections: list[str] | None = None, *, kind: str, least: float = 0.45):
    found = MATCHERS[policy].find(passages, sections or [""] * len(passages))
    ids = [p.id for p in POLICIES[policy].provisions]
    return [{ids[m.provision] for m in matches if m.kind == kind and m.score >= least} for matches in found]


def referred(case: dict) -> set[str]:
    """What the last passage of a case refers to in any way: named, under a heading, or pointed back to."""
    passages = [*case.get("before", ()), case["text"]]
    sections = [case.get("section", "")] * len(passages)
    least = case.get("least", 0.45)
    kinds = ("reference", "carried", "section")
    return set().union(*(named(case["policy"], passages, sections, kind=kind, least=least)[-1] for kind in kinds))


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda c: c["text"][:40])
def test_case(case, request):
    if case.get("known_failure"):
        request.applymarker(pytest.mark.xfail(strict=True, reason=case["known_failure"]))
    assert referred(case) == set(case["want"])


@pytest.mark.parametrize(("cases", "least"), [(DATA["cases"], 300), (HELD_OUT["cases"], 120)])
def test_half_of_the_cases_are_negatives_or_traps(cases, least):
    traps = sum(not case["want"] or case.get("trap", False) for case in cases)
    assert len(cases) >= least
    assert traps >= len(cases) / 2


def test_held_out_cases():
    right = wrong = missed = 0
    for case in HELD_OUT["cases"]:
        found, want = referred(case), set(case["want"])
        right, wrong, missed = right + len(found & want), wrong + len(found - want), missed + len(want - found)
    assert right / (right + wrong) >= 0.98
    assert right / (right + missed) >= 0.95


@pytest.mark.parametrize(
    ("policy", "passages", "want"),
    [
        ("plan", ["Princip E er godt.", "Dette princip bør dog fremgå tydeligere."], {"E"}),
        ("plan", ["Pejlemærke 2 og princip C.", "Dette pejlemærke er vigtigt."], {"P2"}),
        ("plan", ["Princip A er godt.", "Vi er en forening.", "Netop dette princip savner vi."], {"A"}),
        ("plan", ["Vi er en forening.", "Dette princip er godt."], set()),
        ("parks", ["Principle B is right.", "This principle should be stated more clearly."], {"B"}),
        ("parks", ["Measure 2 worries us.", "We are ramblers. This measure is too strict."], {"M2"}),
    ],
)
def test_points_back(policy, passages, want):
    assert named(policy, passages, kind="carried")[-1] == want


def test_same_applies_is_weak():
    assert named("plan", ["Princip D støtter vi.", "Det samme gælder for os."], kind="carried", least=0.2)[-1] == {"D"}


def test_quoted_provisions_are_pointed_back_to():
    matcher = MATCHERS["plan"]
    found = matcher.find(["I skriver noget.", "Dette princip er godt."], ["", ""], [[9], []])
    assert [(m.provision, m.kind) for m in found[1]] == [(9, "carried")]


@pytest.mark.parametrize(
    ("passages", "want"),
    [
        (["Princip D er godt.", "Vi savner dog et tal."], {"D"}),
        (["Princip D er godt.", "Hvad koster det?"], {"D"}),
        (["Princip D er godt.", "Vi savner et tal."], set()),
        (["Princip D er godt.", "Vi savner dog et tal.", "Derfor bør det stå der."], {"D"}),
        (["Princip C og D er gode.", "Vi savner dog et tal."], set()),
    ],
)
def test_goes_on_with_the_passage_before(passages, want):
    assert named("plan", passages, kind="carried", least=0.1)[-1] == want


def test_a_passage_that_is_like_a_provision_is_gone_on_with_but_believed_less():
    passages = ["Der skal styr på det.", "Vi savner dog et tal."]
    plain, leaning = (MATCHERS["plan"].find(passages, ["", ""], None, given) for given in (None, [8, None]))
    assert plain[1] == []
    (match,) = leaning[1]
    (named_before,) = MATCHERS["plan"].find(["Princip D.", passages[1]], ["", ""])[1]
    assert (match.provision, match.kind) == (8, "carried")
    assert match.score < named_before.score


@pytest.mark.parametrize(
    ("passages", "want"),
    [
        (["Ad princip C:", "Godt.", "Enig."], {"C"}),
        (["Princip C er godt.", "Enig."], set()),
        (["Ad princip C:", "Godt.", "Pejlemærke 2 - fritid", "Enig."], {"P2"}),
        (["Ad princip C:", "Pejlemærke 2", "Enig."], {"P2"}),
    ],
)
def test_a_line_that_only_names_a_provision_heads_what_follows(passages, want):
    assert named("plan", passages, kind="section")[-1] == want


def test_each_passage_is_read_in_its_language():
    found = named(
        "plan",
        [
            "Vi støtter det tredje pejlemærke og alle principper.",
            "We do not support the third guideline, or any principle.",
        ],
        kind="reference",
    )
    assert found == [{"P3", "A", "B", "C", "D", "E"}] * 2


def test_one_language_only_where_it_is_named():
    (found,) = ReferenceMatcher(POLICIES["plan"], "da").find(["The third guideline is the best of them."], [""])
    assert found == []


def test_what_is_excepted_is_believed_less():
    scores = {m.provision: m.score for m in MATCHERS["plan"].find(["Alle principper undtagen D er gode."], [""])[0]}
    assert sorted(scores) == [5, 6, 7, 8, 9]
    assert scores[8] < min(score for provision, score in scores.items() if provision != 8)


@pytest.mark.parametrize(
    ("section", "want"),
    [
        ("Ad pejlemærke 1", {"P1"}),
        ("Vedr. pejlemærke 1 og 2", {"P1", "P2"}),
        ("Viden, der virker", {"E"}),
        ("Princip C – Tidligt ind", {"C"}),
        ("Om principperne", {"A", "B", "C", "D", "E"}),
        ("2. Principperne", {"A", "B", "C", "D", "E"}),
        ("Generelle bemærkninger", set()),
        ("", set()),
    ],
)
def test_section(section, want):
    assert named("plan", ["Vi er enige."], [section], kind="section", least=0.0) == [want]


def test_section_matches_have_no_span_and_whole_kind_counts_less():
    matcher = MATCHERS["plan"]
    one = matcher.find(["Enig."], ["Ad pejlemærke 1"])[0][0]
    every = matcher.find(["Enig."], ["Om principperne"])[0][0]
    assert (one.start, one.end, one.form) == (None, None, "heading")
    assert every.score < one.score


def test_span_counts_in_the_passage_as_given():
    text = "Vi støtter  prin-\ncip E fuldt ud."
    (match,) = MATCHERS["plan"].find([text], [""])[0]
    assert text[match.start : match.end] == "prin-\ncip E"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Princip E.", "label"),
        ("B-D er gode.", "range"),
        ("Jeres 3. pejlemærke.", "ordinal"),
        ("»Viden, der virker« er godt.", "title"),
        ("Alle pejlemærker er gode.", "all"),
    ],
)
def test_form(text, form):
    assert {m.form for m in MATCHERS["plan"].find([text], [""])[0]} == {form}


def test_all_scores_below_a_label():
    (label,) = MATCHERS["plan"].find(["Princip E."], [""])[0]
    assert all(m.score < label.score for m in MATCHERS["plan"].find(["Alle principper."], [""])[0])


def test_the_other_ones_are_those_not_named():
    found = named(
        "plan", ["Pejlemærke 1 og 4 støtter vi.", "De øvrige pejlemærker er fine."], kind="reference", least=0.3
    )
    assert found[1] == {"P2", "P3", "P5"}


def test_unknown_kind_is_inflected():
    body = Provision(id="1", kind="holdepunkt", label="1", text="x", start=0, end=1)
    matcher = ReferenceMatcher(Policy(id="", title="", language="da", text="x", provisions=(body,)))
    assert [m.provision for m in matcher.find(["Holdepunktet 1 er godt."], [""])[0]] == [0]


def test_policies_with_little_in_them():
    empty = Policy(id="", title="", language="da", text="", provisions=())
    assert ReferenceMatcher(empty).find(["Princip E og § 4."], ["Ad 1"]) == [[]]
    bare = Policy(
        id="", title="", language="en", text="x", provisions=(Provision(id="1", kind="", text="x", start=0, end=1),)
    )
    assert ReferenceMatcher(bare).find(["All of it is good."], [""]) == [[]]


def test_a_reference_inside_quoted_words_counts_less():
    (plain,) = MATCHERS["plan"].find(["Vi støtter princip E i planen."], [""])[0]
    (quoted,) = MATCHERS["plan"].find(["I skriver: »som følger af princip E i planen«."], [""])[0]
    assert quoted.score < plain.score / 2


def test_a_reference_in_words_of_the_draft_is_none():
    text = "§ 1 Klage\nDer kan klages efter §§ 2 og 3 til nævnet.\n§ 2 Tilsyn\nKommunen fører tilsyn."
    bodies = [(10, 56), (68, len(text))]
    provisions = tuple(
        Provision(id=f"{n}", kind="paragraf", label=f"§ {n}", text=text[start:end], start=start, end=end)
        for n, (start, end) in enumerate(bodies, 1)
    )
    matcher = ReferenceMatcher(Policy(id="", title="", language="da", text=text, provisions=provisions))
    assert matcher.find(["I skriver: »Der kan klages efter §§ 2 og 3 til nævnet«. Hvem?"], [""]) == [[]]
    assert [m.provision for m in matcher.find(["Vi klager efter »§ 2«."], [""])[0]] == [1]


def test_packs_list_the_same_words():
    packs = [languages.load(code)["references"] for code in languages.available()]
    assert all(set(pack) == set(packs[0]) for pack in packs)
    assert all(set(pack["grammar"]) == set(packs[0]["grammar"]) for pack in packs)
    assert all(entry["means"] for pack in packs for entry in pack["nouns"])


def test_unknown_language():
    with pytest.raises(SettingsError, match="available: da, en"):
        ReferenceMatcher(POLICIES["plan"], "sv")


def test_pickles():
    again = pickle.loads(pickle.dumps(MATCHERS["rule"]))  # noqa: S301
    assert again.find(["Section 310.4(b)."], [""]) == MATCHERS["rule"].find(["Section 310.4(b)."], [""])


PIECES = [
    "princip ",
    "E",
    "§ ",
    "4",
    ", stk. ",
    "-",
    " og ",
    "(",
    ")",
    "»",
    "«",
    "jeres 4. ",
    "pejlemærke",
    "’er",
    "\n",
    "\u00ad",
    "ﬁ",
    "İ",
    "3(a)",
    ".",
]


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(MATCHERS)),
    passages=st.lists(
        st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map("".join)), max_size=4
    ),
)
def test_spans_lie_inside_any_text(name, passages):
    found = MATCHERS[name].find(passages, passages)
    assert len(found) == len(passages)
    for passage, matches in zip(passages, found, strict=True):
        for match in matches:
            assert 0 < match.score <= 1
            if match.kind != "section":
                assert 0 <= match.start < match.end <= len(passage)
                assert passage[match.start : match.end].strip()
