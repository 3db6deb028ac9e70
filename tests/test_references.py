import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policydiff.errors import SettingsError
from policydiff.evidence.references import ReferenceMatcher
from policydiff.models import Policy, Provision

DATA = json.loads((Path(__file__).parent / "cases" / "references.json").read_text(encoding="utf-8"))


def build(name: str) -> Policy:
    spec = DATA["policies"][name]
    text, provisions = "", []
    for identity, kind, label, title in spec["provisions"]:
        text += f"{label} {title}\n"
        body = "Noget om dette."
        provisions.append(
            Provision(
                id=identity, kind=kind, label=label, title=title, text=body, start=len(text), end=len(text) + len(body)
            )
        )
        text += body + "\n\n"
    return Policy(id=name, title=name, language=spec["language"], text=text, provisions=tuple(provisions))


POLICIES = {name: build(name) for name in DATA["policies"]}
MATCHERS = {name: ReferenceMatcher(policy) for name, policy in POLICIES.items()}


def named(policy: str, passages: list[str], sections: list[str] | None = None, *, kind: str, least: float = 0.45):
    found = MATCHERS[policy].find(passages, sections or [""] * len(passages))
    ids = [p.id for p in POLICIES[policy].provisions]
    return [{ids[m.provision] for m in matches if m.kind == kind and m.score >= least} for matches in found]


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda c: c["text"][:40])
def test_case(case, request):
    if case.get("known_failure"):
        request.applymarker(pytest.mark.xfail(strict=True, reason=case["known_failure"]))
    assert named(case["policy"], [case["text"]], kind="reference") == [set(case["want"])]


def test_cases_hold_traps():
    traps = sum(not case["want"] for case in DATA["cases"])
    assert len(DATA["cases"]) >= 100
    assert traps >= len(DATA["cases"]) / 3


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
