import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import policydiff
from policydiff import Comparer, Comparison, Failure, Settings, SettingsError, document_from_text
from policydiff.models import DISPOSITIONS, STANCES

ANSWER = """Beboerforeningen

Vi støtter princip C om civilsamfundet. Dog bør det tydeliggøres, hvad en klar aftale er.

Vi takker for muligheden for at afgive høringssvar.

Pejlemærke 5 er vi imod: blandede kvarterer skabes ikke ved nedrivning.
"""


@pytest.fixture(scope="module")
def comparer(koebenhavn):
    return Comparer(koebenhavn / "udkast.md")


@pytest.fixture(scope="module")
def answer():
    return document_from_text(ANSWER, source="svar.txt")


def found(result, label):
    ids = {p.id for p in result.policy.provisions if p.label == label}
    return [f for f in result.findings if f.accepted and f.provision_id in ids]


def test_stances_to_named_provisions(comparer, answer):
    result = comparer.compare([answer])
    (c,) = found(result, "C")
    assert set(c.labels) == {"endorsed", "more_explicit"}
    (p5,) = found(result, "5")
    assert "challenged" in p5.labels


def test_the_ledger_is_complete(comparer, answer, tmp_path):
    bad = tmp_path / "tom.txt"
    bad.write_text("")
    result = comparer.compare([answer, bad, tmp_path / "missing.txt", answer])
    assert len(result.responses) == 2
    assert [f.source for f in result.errors] == [str(bad), str(tmp_path / "missing.txt")] or [
        f.source for f in result.errors
    ] == ["tom.txt", "missing.txt"]
    assert [t.provision_id for t in result.tallies] == [p.id for p in result.policy.provisions]
    assert {p.disposition for p in result.passages} <= set(DISPOSITIONS)
    texts = {r.id: r.text for r in result.responses}
    for passage in result.passages:
        assert texts[passage.response_id][passage.start : passage.end] == passage.text
    aligned = {p.id for p in result.passages if p.disposition == "aligned"}
    assert {f.passage_id for f in result.findings if f.accepted} >= aligned


def test_all_spans_of_findings_lie_in_their_passages(seed_result):
    passages = {p.id: p for p in seed_result.passages}
    for finding in seed_result.findings:
        passage = passages[finding.passage_id]
        for part in (*finding.evidence, *finding.cues):
            if part.start is not None:
                assert passage.start <= part.start < part.end <= passage.end
        assert finding.labels
        assert "mentioned" not in finding.labels or finding.labels == ("mentioned",)
        assert set(finding.stances) == set(STANCES)


def test_same_input_same_bytes(comparer, answer, koebenhavn):
    first = comparer.compare([answer]).model_dump_json()
    assert Comparer(koebenhavn / "udkast.md").compare([answer]).model_dump_json() == first


def test_a_response_alone_and_among_others_gives_the_same(comparer, answer, koebenhavn):
    alone = comparer.compare_one(answer, response_id="r2")
    (_, among) = comparer.stream([koebenhavn / "hoeringssvar-tingbjerg.txt", answer])
    assert among == alone


def test_comparer_is_picklable_and_thread_safe(comparer, answer):
    expected = comparer.compare_one(answer)
    copied = pickle.loads(pickle.dumps(comparer))  # noqa: S301
    assert copied.compare_one(answer) == expected
    with ThreadPoolExecutor(4) as pool:
        assert all(r == expected for r in pool.map(lambda _: copied.compare_one(answer), range(8)))


def test_result_survives_json(comparer, answer):
    result = comparer.compare([answer])
    assert Comparison.model_validate_json(result.model_dump_json()) == result


def test_provenance_names_version_models_settings_and_inputs(comparer, answer):
    provenance = comparer.compare([answer]).provenance
    assert provenance.version == policydiff.__version__
    assert all("@" in name for name in provenance.models.values())
    assert provenance.settings["findings"]["accept"] == comparer.accept
    assert set(provenance.inputs) == {"draft", "r1 svar.txt"}


def test_progress_is_told(comparer, answer, tmp_path):
    told = []
    comparer.compare([answer, tmp_path / "none.txt"], progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    told.clear()
    comparer.compare(iter([answer]), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, None)]


def test_stream_gives_a_failure_in_place(comparer, answer, tmp_path):
    results = list(comparer.stream([tmp_path / "none.txt", answer]))
    assert isinstance(results[0], Failure)
    assert results[1].response.id == "r2"


def test_threshold_can_be_moved(koebenhavn, answer):
    strict = Comparer(koebenhavn / "udkast.md", settings=Settings(findings={"accept": 1.0}))
    assert not any(f.accepted for f in strict.compare([answer]).findings)


def test_own_encoder_and_judge_are_used(koebenhavn, answer):
    class OnlyProposals:
        name = "mine"

        def judge(self, pairs):
            return np.tile(np.array([0, 0, 0, 1, 0], dtype=np.float32), (len(pairs), 1))

    class Flat:
        def encode(self, texts):
            return np.ones((len(texts), 2), dtype=np.float32)

    result = policydiff.compare(koebenhavn / "udkast.md", answer, encoder=Flat(), judge=OnlyProposals())
    assert all(f.labels == ("proposal",) for f in result.findings)
    assert result.provenance.models["judge"] == "mine"


def test_a_judge_of_the_wrong_shape_is_named(koebenhavn, answer):
    class Wrong:
        def judge(self, pairs):
            return np.zeros((len(pairs), 2), dtype=np.float32)

    with pytest.raises(SettingsError, match="the judge gave shape"):
        policydiff.compare(koebenhavn / "udkast.md", answer, judge=Wrong())


def test_a_paragraph_sent_twice_in_one_response_is_a_duplicate(comparer):
    text = "Vi støtter princip C om civilsamfundet som en ligeværdig partner i alle bydele.\n\n"
    result = comparer.compare([document_from_text(text * 2, source="to.txt")])
    assert [p.disposition for p in result.passages] == ["aligned", "duplicate"]


@pytest.mark.parametrize("text", ["Vi støtter princip A-C.", "Vi er imod princip A, B og C."])
def test_all_members_of_a_range_are_found_in_a_response_of_one_line(comparer, text):
    result = comparer.compare([document_from_text(text, source="kort.txt")])
    for label in "ABC":
        assert found(result, label), label


def test_lines_that_take_a_position_are_no_headings_or_names(comparer):
    text = "Princip E bør uddybes\n\nPrincip B skal udgå\n\nMed venlig hilsen\n\nAnna"
    result = comparer.compare([document_from_text(text, source="kort.txt")])
    assert "more_explicit" in found(result, "E")[0].labels
    assert "challenged" in found(result, "B")[0].labels


def test_a_heading_with_nothing_below_it_stays_in_the_ledger(comparer):
    text = "Generelle bemærkninger\n\nForslag til ændringer\n\nVi støtter princip C om civilsamfundet."
    result = comparer.compare([document_from_text(text, source="tom.txt")])
    first = result.passages[0]
    assert (first.text, first.disposition) == ("Generelle bemærkninger", "boilerplate")


def test_but_keeps_two_provisions_of_one_sentence_apart(comparer):
    result = comparer.compare([document_from_text("Vi støtter princip A, men er imod princip B.", source="kort.txt")])
    assert "endorsed" in found(result, "A")[0].labels
    assert "challenged" in found(result, "B")[0].labels


def test_a_passage_sent_twice_is_tallied_once(comparer):
    text = "Vi støtter princip C om civilsamfundet som en ligeværdig partner i alle bydele.\n\n"
    tallies = comparer.compare([document_from_text(text * 2, source="to.txt")]).tallies
    assert max(t.passages["any"] for t in tallies) == 1


def test_draft_hash_tells_corrected_policies_apart(comparer, answer):
    fewer = comparer.policy.model_copy(update={"provisions": comparer.policy.provisions[:2]})
    one, other = (c.compare([answer]).provenance.inputs["draft"] for c in (comparer, Comparer(fewer)))
    assert one != other


def test_accept_below_the_floor_keeps_what_it_accepts(koebenhavn, answer):
    loose = Comparer(koebenhavn / "udkast.md", settings=Settings(findings={"accept": 0.001}))
    assert min(f.confidence for f in loose.compare([answer]).findings if f.accepted) < 0.05


def test_a_text_given_as_a_path_says_what_to_do(comparer):
    (failure,) = comparer.compare(["Vi støtter princip C. " * 40]).errors
    assert "document_from_text" in failure.message


def test_another_encoder_than_the_fitted_one_is_told(comparer, koebenhavn):
    class Flat:
        def encode(self, texts):
            return np.ones((len(texts), 2), dtype=np.float32)

    assert comparer.calibrated
    assert not Comparer(koebenhavn / "udkast.md", encoder=Flat()).calibrated


def test_a_costly_judge_is_asked_only_of_what_may_count(koebenhavn):
    class Costly:
        costly = True

        def __init__(self):
            self.asked = 0

        def judge(self, pairs):
            self.asked += len(pairs)
            return np.tile([0.9, 0, 0, 0, 0], (len(pairs), 1))

    judge = Costly()
    comparer = Comparer(koebenhavn / "udkast.md", judge=judge)
    findings = comparer.compare([koebenhavn / "hoeringssvar-tingbjerg.txt"]).findings
    lowest = min(comparer.accept, comparer.review[0])
    counting = [f for f in findings if f.confidence >= lowest]
    assert 0 < judge.asked == len(counting) < len(findings)
    assert {f.stances["endorsed"] for f in counting} == {0.9}
    assert 0.9 not in {f.stances["endorsed"] for f in findings if f.confidence < lowest}
