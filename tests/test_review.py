import re
import shlex
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from tests.report_cases import FORMULA, made_result

from policydiff import apply_review, by_hand, errors, load_result, write_review
from policydiff.cli import main
from policydiff.evaluation import evaluate
from policydiff.findings.tally import tallies_of
from policydiff.gold import read_gold
from policydiff.models import STANCES, Campaign
from policydiff.report import docx, html, terminal
from policydiff.review import write_gold
from policydiff.review.sheet import chosen
from policydiff.review.words import FINDINGS, MISSED, words_of

DA = words_of("da")
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def result():
    made = made_result()
    settings = {"findings": {"stances": dict.fromkeys(STANCES, 0.75)}}
    counted = made.model_copy(update={"provenance": made.provenance.model_copy(update={"settings": settings})})
    return counted.model_copy(update={"tallies": tallies_of(counted)})


@pytest.fixture
def sheet(result, tmp_path):
    write_review(result, tmp_path / "ark.xlsx", everything=True)
    return tmp_path / "ark.xlsx"


def cell_of(book, passage, provision, column):
    sheet = book[DA.sheets["findings"]]
    keys = [FINDINGS.index(k) + 1 for k in ("passage_id", "provision_id")]
    row = next(r for r in range(2, sheet.max_row + 1) if [sheet.cell(r, k).value for k in keys] == [passage, provision])
    return sheet.cell(row, FINDINGS.index(column) + 1)


def decide(file, passage, provision, decision, *stances, reviewer="Anna", reason=None):
    book = openpyxl.load_workbook(file)
    values = {"decision": decision, "reviewer": reviewer, "reason": reason}
    values |= dict(zip(("stance_1", "stance_2", "stance_3"), (*stances, None, None, None), strict=False))
    for column, value in values.items():
        cell_of(book, passage, provision, column).value = value
    book.save(file)


def miss(file, row, *values):
    """Fill in a row of the sheet of missed findings: passage, provision, three stances, reviewer, reason."""
    book = openpyxl.load_workbook(file)
    for column, value in enumerate(values, 1):
        book[DA.sheets["missed"]].cell(row, column).value = value
    book.save(file)


def findings(comparison):
    return {(f.passage_id, f.provision_id): f for f in comparison.findings}


def respondents(comparison, provision):
    return {
        k: n for k, n in next(t for t in comparison.tallies if t.provision_id == provision).respondents.items() if n
    }


def test_the_uncertain_findings_are_in_the_sheet_the_decided_ones_no_more(result, tmp_path):
    pairs = [(f.passage_id, f.provision_id) for f in chosen(result)]
    assert pairs == [("r1/2", "b"), ("r2/3", "b")]
    assert len(chosen(result, everything=True)) == 6  # all accepted, and one uncertain candidate
    file = tmp_path / "ark.xlsx"
    assert write_review(result, file) == 2
    decide(file, "r1/2", "b", "ja")
    after = apply_review(result, file).comparison
    assert [(f.passage_id, f.provision_id) for f in chosen(after)] == [("r2/3", "b")]
    assert len(chosen(after, everything=True)) == 6


def test_stances_near_the_probability_they_need_are_in_the_sheet(result):
    assert len(chosen(result, stances=True)) == 5  # .80 of .75 needed, and none where only "mentioned" is
    far = {"findings": {"stances": dict.fromkeys(STANCES, 0.5)}}
    provenance = result.provenance.model_copy(update={"settings": far})
    assert len(chosen(result.model_copy(update={"provenance": provenance}), stances=True)) == 2
    older = result.model_copy(update={"provenance": result.provenance.model_copy(update={"settings": {}})})
    with pytest.raises(errors.SettingsError, match="compare again"):
        chosen(older, stances=True)


def test_what_people_wrote_is_text_never_a_formula(sheet):
    book = openpyxl.load_workbook(sheet)
    assert cell_of(book, "r3/1", "a", "passage").value == FORMULA
    assert cell_of(book, "r3/1", "a", "respondent").value == "=1+1"
    for page in book:
        assert not [c.coordinate for row in page.iter_rows() for c in row if c.data_type == "f"]
    assert cell_of(book, "r3/1", "a", "passage").quotePrefix
    assert not cell_of(book, "r1/1", "a", "passage").quotePrefix
    with zipfile.ZipFile(sheet) as archive:
        assert not any(b"<f>" in archive.read(n) for n in archive.namelist() if "worksheets/sheet" in n)


def test_lists_offer_yes_no_provisions_stances_and_passages(sheet):
    book = openpyxl.load_workbook(sheet)
    listed = [row[0].value for row in book["Bestemmelser"].iter_rows(min_row=2)]
    names = ["princip A: Alle med", "princip B", "paragraf § 4.10: Pris"]
    assert listed == ["ja", "nej", *names]
    rules = {v.formula1: str(v.sqref) for v in book["Fund"].data_validations.dataValidation}
    assert rules["'Bestemmelser'!$A$2:$A$6"] == "I2:I7"
    assert rules['"støttes,kritiseres,ønskes tydeligere,forslag,nævnes"'] == "J2:J7 K2:K7 L2:L7"
    rules = {v.formula1: str(v.sqref) for v in book["Oversete"].data_validations.dataValidation}
    assert rules["'Bestemmelser'!$A$4:$A$6"] == "B2:B201"
    assert rules["'Afsnit'!$A$2:$A$9"] == "A2:A201"


def test_yes_no_other_provision_and_missed_correct_findings_and_counts(result, sheet):
    assert respondents(result, "a") == {"endorsed": 2, "challenged": 1, "more_explicit": 1, "any": 3}
    decide(sheet, "r1/2", "b", "ja")
    decide(sheet, "r2/1", "a", "nej", reason="Kun en overskrift")
    decide(sheet, "r3/1", "a", "paragraf § 4.10: Pris")
    decide(sheet, "r2/3", "b", "Ja", "kritiseres", "ønskes tydeligere", reviewer="Bo")
    miss(sheet, 2, "r2/2", "princip A: Alle med", "forslag", None, None, "Anna", "Busser er for alle")
    applied = apply_review(result, sheet, at=NOON)
    after, found, before = applied.comparison, findings(applied.comparison), findings(result)
    assert (len(applied.new), applied.known, applied.superseded) == (5, 0, ())
    assert not any(f.review for f in after.findings)
    assert found["r1/2", "b"] == before["r1/2", "b"].model_copy(update={"review": False})
    assert found["r2/1", "a"].accepted is False
    assert found["r3/1", "a"].accepted is False
    assert (found["r3/1", "p4.10"].labels, found["r3/1", "p4.10"].via) == (("challenged",), "by_hand")
    assert found["r2/3", "b"].labels == ("challenged", "more_explicit")
    assert found["r2/3", "b"].confidence == 0.35  # untouched
    assert found["r2/3", "b"].accepted is True
    assert found["r2/2", "a"].labels == ("proposal",)
    assert respondents(after, "a") == {"endorsed": 1, "more_explicit": 1, "proposal": 1, "any": 2}
    assert respondents(after, "p4.10") == {"challenged": 1, "any": 1}
    assert [t.collapsed["any"] for t in after.tallies] == [2, 3, 1]
    assert [t.weighted["any"] for t in after.tallies] == [2.0, 3.0, 1.0]
    dispositions = {p.id: p.disposition for p in after.passages}
    assert (dispositions["r2/1"], dispositions["r2/2"]) == ("no_position", "aligned")
    places = [(f.passage_id, f.provision_id) for f in after.findings]
    assert places == sorted(places)  # passages, then provisions
    record = by_hand(after)["r2/1", "a"]
    assert (record.reviewer, record.at, record.reason) == ("Anna", NOON, "Kun en overskrift")
    assert record.found == (before["r2/1", "a"],)
    shown = terminal.finding_lines(after, [found["r2/1", "a"]])
    assert "decided by Anna 2026-11-27: Kun en overskrift" in shown[0].plain


def test_reports_say_who_decided_when_and_why(seed_result, tmp_path):
    sheet = tmp_path / "ark.xlsx"
    write_review(seed_result, sheet, everything=True)
    one = next(f for f in seed_result.findings if f.accepted)
    new = next(
        (passage.id, provision.id)
        for passage in seed_result.passages
        for provision in seed_result.policy.provisions
        if (passage.id, provision.id) not in findings(seed_result)
    )
    decide(sheet, one.passage_id, one.provision_id, "ja", reviewer="<b>Anna</b>", reason="Står i bilaget")
    miss(sheet, 2, *new, "forslag", None, None, "Bo")
    after = apply_review(seed_result, sheet, at=NOON).comparison
    page = html.render(after)
    assert "Afgjort af &lt;b&gt;Anna&lt;/b&gt; 2026-11-27: Står i bilaget" in page
    assert "Angivet i hånden: afsnittet handler om" in page
    docx.write(after, tmp_path / "notat.docx")
    with zipfile.ZipFile(tmp_path / "notat.docx") as archive:
        comments = archive.read("word/comments.xml").decode()
    assert "Afgjort af &lt;b&gt;Anna&lt;/b&gt; 2026-11-27: Står i bilaget" in comments
    assert "Afgjort af Bo" in comments


def test_cues_of_stances_that_were_struck_are_gone(result, sheet):
    decide(sheet, "r1/1", "a", "ja", "ønskes tydeligere")
    after = findings(apply_review(result, sheet).comparison)["r1/1", "a"]
    assert [c.stance for c in after.cues] == ["more_explicit"]


def test_collapsed_counts_follow_the_copied_text(result, sheet):
    campaign = Campaign(id="c", response_ids=("r1", "r2"), representative="r1", similarity=1.0)
    together = result.model_copy(update={"campaigns": (campaign,)})
    assert [t.collapsed["any"] for t in tallies_of(together)] == [2, 2, 0]
    decide(sheet, "r3/1", "a", "nej")
    after = apply_review(together, sheet).comparison
    assert [t.respondents["any"] for t in after.tallies] == [2, 2, 0]
    assert [t.collapsed["any"] for t in after.tallies] == [1, 2, 0]


def test_applying_twice_changes_nothing(result, sheet):
    decide(sheet, "r1/2", "b", "princip A: Alle med")
    decide(sheet, "r3/1", "a", "nej")
    miss(sheet, 2, "r2/2", "b", "forslag", "kritiseres", None, "Anna")
    once = apply_review(result, sheet)
    twice = apply_review(once.comparison, sheet)
    assert twice.comparison == once.comparison
    assert (twice.new, twice.known) == ((), 3)
    saved_again = apply_review(once.comparison, sheet, at=NOON + timedelta(days=9999))
    assert saved_again.comparison == once.comparison


def test_a_later_decision_supersedes_and_both_are_kept(result, sheet, tmp_path):
    other = tmp_path / "bo.xlsx"
    write_review(result, other, everything=True)
    decide(sheet, "r1/2", "b", "paragraf § 4.10: Pris")
    decide(other, "r1/2", "b", "ja", "støttes", reviewer="Bo")
    later = NOON + timedelta(hours=1)
    first = apply_review(result, sheet, at=NOON).comparison
    assert findings(first)["r1/2", "p4.10"].accepted
    both = apply_review(first, other, at=later).comparison
    assert ("r1/2", "p4.10") not in findings(both)  # what the first decision added is gone with it
    assert findings(both)["r1/2", "b"].labels == ("endorsed",)
    assert [c.reviewer for c in both.corrections] == ["Anna", "Bo"]
    assert by_hand(both)["r1/2", "b"].reviewer == "Bo"
    # The older sheet after the newer one: the newer decision still holds, and is named.
    turned = apply_review(apply_review(result, other, at=later).comparison, sheet, at=NOON)
    assert turned.comparison.findings == both.findings
    assert [c.reviewer for c in turned.superseded] == ["Bo"]
    # Undoing a correction through a sheet of the corrected result.
    write_review(both, tmp_path / "igen.xlsx", everything=True)
    assert "Afgjort af Bo" in cell_of(openpyxl.load_workbook(tmp_path / "igen.xlsx"), "r1/2", "b", "why").value
    decide(tmp_path / "igen.xlsx", "r1/2", "b", "nej", reviewer="Carl")
    last = apply_review(both, tmp_path / "igen.xlsx", at=later + timedelta(hours=1)).comparison
    assert findings(last)["r1/2", "b"].accepted is False
    assert len(last.corrections) == 3


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (
            "decision",
            "måske",
            r"column I \(rigtig bestemmelse\?\): 'måske' is none of its list; choose of ja, nej, princip",
        ),
        ("stance_2", "elsket", r"column K \(holdning b\): 'elsket' is no stance; they are støttes, kritiseres"),
        ("stance_2", "nævnes", r"column K \(holdning b\).*'nævnes' stands alone"),
        ("reviewer", None, r"column M \(sagsbehandler\): is empty; say who decided"),
        ("reason", datetime(2026, 1, 2), r"column N \(begrundelse\): holds the datetime"),
        ("passage", "andet", r"column D \(afsnit\): is not that of r1/2 and b; restore it"),
        ("provision", "princip A: Alle med", r"column E \(bestemmelse\): is not that of r1/2 and b"),
        ("passage_id", "r9/9", r"column O \(afsnit-id\): 'r9/9' is no passage"),
        ("provision_id", "c", r"column P \(bestemmelse-id\): 'c' is no provision of the draft; they are a, b, p4.10"),
    ],
)
def test_a_wrong_cell_is_named_by_sheet_row_column_value_and_what_may_stand(result, sheet, column, value, message):
    decide(sheet, "r1/2", "b", "ja", "støttes")
    book = openpyxl.load_workbook(sheet)
    cell = cell_of(book, "r1/2", "b", column)
    cell.value = value
    book.save(sheet)
    with pytest.raises(errors.UnreadableError, match=rf"sheet Fund, row {cell.row}, {message}"):
        apply_review(result, sheet)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            ("r9/9", "b", "forslag", None, None, "A"),
            r"row 2, column A \(afsnit-id\): 'r9/9' is no passage; they are r1/1",
        ),
        (("r1/1", "c", "forslag", None, None, "A"), r"row 2, column B \(bestemmelse\): 'c' is none of its list"),
        (("r1/1", None, "forslag", None, None, "A"), r"row 2, column B \(bestemmelse\): is empty; choose of princip A"),
        (("r1/1", "b", None, None, None, "A"), r"row 2, column C \(holdning a\): is empty; choose of støttes"),
        (("r1/1", "ja", "forslag", None, None, "A"), r"row 2, column B \(bestemmelse\): 'ja' is none of its list"),
    ],
)
def test_a_wrong_row_of_what_was_missed_is_named(result, sheet, values, message):
    miss(sheet, 2, *values)
    with pytest.raises(errors.UnreadableError, match=f"sheet Oversete, {message}"):
        apply_review(result, sheet)


def test_half_filled_and_contradicting_rows_are_named(result, sheet):
    decide(sheet, "r1/2", "b", None, "støttes")
    with pytest.raises(errors.UnreadableError, match=r"column J .*is filled in, but 'rigtig bestemmelse\?' is empty"):
        apply_review(result, sheet)
    decide(sheet, "r1/2", "b", "nej", "støttes")
    with pytest.raises(errors.UnreadableError, match="a finding that is wrong has no stances"):
        apply_review(result, sheet)
    decide(sheet, "r1/2", "b", "nej")
    miss(sheet, 3, "r1/2", "b", "forslag", None, None, "Bo")
    with pytest.raises(errors.UnreadableError, match=r"Oversete, row 3: says otherwise of passage r1/2 .* Fund, row 3"):
        apply_review(result, sheet)


def test_a_name_filled_down_the_column_decides_nothing(result, sheet):
    decide(sheet, "r1/2", "b", None)
    assert apply_review(result, sheet).comparison == result


def test_the_review_of_another_result_is_refused(result, sheet, tmp_path):
    finding = result.findings[0].model_copy(update={"confidence": 0.91})
    other = result.model_copy(update={"findings": (finding, *result.findings[1:])})
    with pytest.raises(errors.InputError, match="is the review of another result"):
        apply_review(other, sheet)
    openpyxl.Workbook().save(tmp_path / "tom.xlsx")
    with pytest.raises(errors.UnreadableError, match="is no review, its sheets are Sheet; make one with"):
        apply_review(result, tmp_path / "tom.xlsx")
    with pytest.raises(errors.UnreadableError, match="cannot be read"):
        apply_review(result, tmp_path / "none.xlsx")


def test_sheets_are_in_the_language_asked_for(result, tmp_path):
    write_review(result, tmp_path / "en.xlsx", language="en")
    book = openpyxl.load_workbook(tmp_path / "en.xlsx")
    assert book.sheetnames == ["Findings", "Missed", "Passages", "Provisions", "Guide"]
    row = [c.value for c in book["Findings"][2]]
    book["Findings"].cell(2, FINDINGS.index("decision") + 1).value = "no"
    book.save(tmp_path / "en.xlsx")
    after = apply_review(result, tmp_path / "en.xlsx", reviewer="Ann").comparison
    assert findings(after)[row[-2], row[-1]].accepted is False
    assert after.corrections[0].reviewer == "Ann"
    assert set(words_of("en").columns) == set(DA.columns) >= {*FINDINGS, *MISSED}


def test_the_commands_review_a_real_response_and_export_it_as_gold(seed_result, tmp_path, capsys):
    result, review, corrected = (tmp_path / n for n in ("r.json", "ark.xlsx", "rettet.json"))
    result.write_text(seed_result.model_dump_json(), encoding="utf-8")
    assert main(["review", str(result), "--out", str(review), "--all"]) == 0
    assert main(["review", str(result), "--out", str(review)]) == 2  # never overwritten
    accepted = next(f for f in seed_result.findings if f.accepted)
    decide(review, accepted.passage_id, accepted.provision_id, "nej", reviewer=None)
    gold = tmp_path / "guld"
    command = ["apply", str(result), str(review), "--out", str(corrected), "--gold", str(gold)]
    assert main(command) == 2
    assert "--reviewer NAME" in capsys.readouterr().err
    assert not corrected.exists()
    assert main([*command, "--reviewer", "Anna"]) == 0
    assert "1 new decisions, 0 known before, 1 in all" in capsys.readouterr().out
    after = load_result(corrected)
    assert not findings(after)[accepted.passage_id, accepted.provision_id].accepted
    assert main(["show", str(corrected), "--all"]) == 0
    assert "decided by Anna" in capsys.readouterr().out
    labelled = read_gold(gold)
    assert labelled.missed == ()
    expected = {(f.passage_id, f.provision_id, f.labels) for f in after.findings if f.accepted}
    assert {(p.passage, a.provision, a.stances) for p in labelled.passages for a in p.alignments} == expected
    assert [p.passage for p in labelled.passages if "by_hand" in p.phenomena] == [accepted.passage_id]


def test_gold_of_decided_passages_is_measured(seed_result, tmp_path):
    write_review(seed_result, tmp_path / "ark.xlsx")
    with pytest.raises(errors.InputError, match="holds no correction"):
        write_gold(seed_result, tmp_path / "guld")
    first = chosen(seed_result)[0]
    decide(tmp_path / "ark.xlsx", first.passage_id, first.provision_id, "ja", "forslag")
    after = apply_review(seed_result, tmp_path / "ark.xlsx").comparison
    folder = write_gold(after, tmp_path / "guld", decided_only=True)
    (passage,) = read_gold(folder).passages
    assert passage.passage == first.passage_id
    assert ("proposal",) in [a.stances for a in passage.alignments]
    assert "by_hand" in evaluate([folder]).phenomena


def test_the_commands_and_the_code_of_the_page_work(seed_result, tmp_path, monkeypatch):
    page = (Path(__file__).parent.parent / "docs" / "review.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    Path("gold").mkdir()
    ran = []
    for language, code in re.findall(r"^```(\w+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        if language == "python":
            names: dict[str, object] = {}
            exec(f"import policydiff\n{code}", names)  # noqa: S102 (it is ours)
            assert names["applied"].known == 0
            continue
        for line in code.splitlines():
            program, command, *arguments = shlex.split(line, comments=True)
            if command == "compare":
                Path("result.json").write_text(seed_result.model_dump_json(), encoding="utf-8")
            elif program == "policydiff" and command != "evaluate":  # which test_gold_of_decided_passages does
                assert main([command, *arguments]) == 0, line
                ran.append(command)
            if command == "review":
                first = chosen(seed_result)[0]
                decide("review.xlsx", first.passage_id, first.provision_id, "ja")
    assert ran == ["review", "apply", "show", "apply"]
    assert "by_hand" in Path("gold/parks/gold.jsonl").read_text(encoding="utf-8")
