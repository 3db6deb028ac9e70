import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policydiff.evidence.quotation_marks import marked_parts
from policydiff.evidence.quotes import QuoteMatcher
from policydiff.gold import read_gold
from policydiff.models import Policy, Provision

DATA = json.loads((Path(__file__).parent / "cases" / "quotes.json").read_text(encoding="utf-8"))


def build(language: str) -> Policy:
    text, provisions = "", []
    for identity, title, body in DATA["drafts"][language]:
        text += f"{identity} {title}\n"
        provisions.append(
            Provision(id=identity, kind="princip", title=title, text=body, start=len(text), end=len(text) + len(body))
        )
        text += body + "\n\n"
    return Policy(id="", title="", language=language, text=text, provisions=tuple(provisions))


POLICIES = {language: build(language) for language in DATA["drafts"]}
MATCHERS = {language: QuoteMatcher(policy) for language, policy in POLICIES.items()}


def found(language: str, text: str) -> list[list[str]]:
    policy = POLICIES[language]
    return [
        [
            policy.provisions[m.provision].id,
            text[m.start : m.end],
            policy.text[m.provision_start : m.provision_end],
            m.form,
        ]
        for m in MATCHERS[language].find(text)
    ]


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda c: c["text"][:40])
def test_case(case, request):
    if case.get("known_failure"):
        request.applymarker(pytest.mark.xfail(strict=True, reason=case["known_failure"]))
    assert found(case["language"], case["text"]) == case["want"]


def test_cases_hold_traps():
    traps = sum(not case["want"] for case in DATA["cases"])
    assert len(DATA["cases"]) >= 30
    assert traps >= len(DATA["cases"]) / 3


def test_score_rises_with_length():
    scores = [
        MATCHERS["da"].find(f"»{words}«")[0].score
        for words in (
            "gensidig proces",
            "integration er en gensidig proces, som fremmer",
            "integration er en gensidig proces, som fremmer, at københavnere med integrationsbehov får lige mulighed",
        )
    ]
    assert scores == sorted(scores)
    assert len(set(scores)) == 3


def test_score_falls_with_errors():
    whole = MATCHERS["da"].find("»Frivillige supplerer de ansatte, men erstatter dem ikke«")[0]
    broken = MATCHERS["da"].find("»Frivillige hjælper de ansatte, men erstatter dem aldrig nogensinde ikke«")[0]
    assert whole.provision == broken.provision
    assert broken.score < whole.score


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("»a b« og ”c d”", ["a b", "c d"]),
        ("«a b»", ["a b"]),
        ("„a b“", ["a b"]),
        ('"a b (…) c d"', ["a b ", " c d"]),
        ("'a b ... c d'", ["a b ", " c d"]),
        ("don't stop, it's fine", []),
        ("''a b''", ["a b"]),
        ("\"it's a 'b c' d\"", ["it's a 'b c' d", "b c"]),
        ("»uden ende", []),
    ],
)
def test_marked_parts(text, parts):
    assert [text[a:b] for a, b in marked_parts(text)] == parts


def test_pickles():
    again = pickle.loads(pickle.dumps(MATCHERS["da"]))  # noqa: S301
    text = "»også efter mørkets frembrud«"
    assert again.find(text) == MATCHERS["da"].find(text)


def test_policy_without_provisions():
    assert (
        QuoteMatcher(Policy(id="", title="", language="sv", text="", provisions=())).find("»intet at finde her«") == []
    )


PIECES = [*POLICIES["da"].text.split(), "»", "«", '"', "'", "…", "(…)", "\n", "\u00ad", "ﬁ", "-\n", "”"]


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)))
def test_spans_lie_inside_any_text(text):
    policy = POLICIES["da"]
    for match in MATCHERS["da"].find(text):
        provision = policy.provisions[match.provision]
        assert 0 < match.score <= 1
        assert 0 <= match.start < match.end <= len(text)
        assert provision.start <= match.provision_start < match.provision_end <= provision.end
        assert text[match.start : match.end].strip() == text[match.start : match.end]


@pytest.mark.parametrize("name", ["erhverv", "rule"])
def test_the_span_of_a_marked_quotation_is_what_the_marks_enclose(name):
    gold = read_gold(Path("fixtures/gold/natural") / name)
    matcher = QuoteMatcher(gold.policy)
    agreement = []
    for passage in gold.passages:
        matches = [m for m in matcher.find(passage.text) if m.form == "marked"] if "quote" in passage.phenomena else []
        for start, end in marked_parts(passage.text):
            inside = {i for m in matches for i in range(m.start, m.end) if m.start < end and start < m.end}
            if inside and len(passage.text[start:end].split()) > 3:
                agreement.append(len(inside & set(range(start, end))) / len(inside | set(range(start, end))))
    assert len(agreement) >= 8
    assert sum(agreement) / len(agreement) >= 0.9
