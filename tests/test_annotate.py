import argparse
import json
import shutil
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from policydiff import InputError, SettingsError, UnreadableError
from policydiff.annotate import configure, import_gold, init_gold, run
from policydiff.annotate.cells import shown
from policydiff.annotate.filled import read_sheet
from policydiff.annotate.sheet import COLUMNS, columns_of, write_sheet
from policydiff.documents import load_policy
from policydiff.errors import DraftError
from policydiff.gold import GoldAlignment, GoldPassage, read_gold
from policydiff.models import Provision

GOLD = Path(__file__).parent.parent / "fixtures" / "gold" / "natural"

DRAFT = """# Plan for byens parker

## Mål 1: Grønne stier

Der anlægges stier mellem parkerne inden 2027, så alle har højst ti minutter til en park.

## Mål 2: Lys om natten

Stierne belyses hele natten med lamper, der dæmpes, når ingen går forbi.

## Mål 3: Frivillige haver

Foreninger kan leje et stykke af parken til fælles haver.
"""
WEIRD = [
    "=SUM(A1:A9) er, hvad vi tror, at lyset koster. Vi støtter stierne 🌳 helt og fuldt.",
    "-10 procent til haverne er for lidt,\r\nog stierne mangler  dato.\r\nDet bør stå klart.",
    "@byen: +45 er ikke et mål. Se side\x0b4 om bæredyg\ufffe\ntighed og lys.",
]


@pytest.fixture
def folder(tmp_path):
    draft = tmp_path / "udkast.md"
    draft.write_text(DRAFT, encoding="utf-8")
    for number, text in enumerate(WEIRD):
        (tmp_path / f"svar{number}.txt").write_text(f"{text}\n\nTak for muligheden for at svare.", "utf-8", newline="")
    init_gold(draft, sorted(tmp_path.glob("svar*.txt")), tmp_path / "ud", language="da")
    return tmp_path / "ud"


def ids(folder):
    return [p["id"] for p in json.loads((folder / "provisions.json").read_text(encoding="utf-8"))["provisions"]]


def fill(folder, passage, number=1, row=None, **values):
    """Write into the row of ``passage`` (or row ``row``) the cells of its ``number``-th provision."""
    file = folder / "annotation.xlsx"
    book = openpyxl.load_workbook(file)
    sheet = book["Passages"]
    row = row or next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, 2).value == passage)
    sheet.cell(row, 2).value = passage
    for name, value in values.items():
        letter = name[len("stance") :] if name.startswith("stance") else ""
        heading = f"{name.removesuffix(letter) if letter else name} {number}{letter}"
        sheet.cell(row, COLUMNS.index(heading) + 1).value = value
    book.save(file)
    return row


def label(folder, passage, provision, grade=2, stances=("endorsed",), evidence=None, **more):
    letters = dict(zip(("stancea", "stanceb", "stancec"), stances, strict=False))
    return fill(folder, passage, provision=provision, grade=grade, evidence=evidence, **letters, **more)


def alignments(folder):
    return {p.passage: p.alignments for p in read_gold(folder).passages if p.alignments}


def test_a_new_folder_is_gold_without_labels(folder):
    gold = read_gold(folder)
    assert gold.missed == ()
    assert [p.passage for p in gold.passages] == ["r01/1", "r01/2", "r02/1", "r02/2", "r03/1", "r03/2"]
    assert all(p.alignments == () for p in gold.passages)
    for (name, document), text in zip(gold.documents.items(), WEIRD, strict=True):
        assert document.text.startswith(text), name
    respondents = json.loads((folder / "respondents.json").read_text(encoding="utf-8"))
    assert [r["source"] for r in respondents] == ["svar0.txt", "svar1.txt", "svar2.txt"]


@pytest.mark.parametrize("source", ["lejelov", "parks", "byrum"])
def test_all_labels_survive_spreadsheet_and_import(source, tmp_path):
    gold = read_gold(GOLD / source)
    copy = Path(shutil.copytree(GOLD / source, tmp_path / "gold"))
    write_sheet(copy / "annotation.xlsx", gold.passages, gold.policy.provisions)
    book = openpyxl.load_workbook(copy / "annotation.xlsx")
    sheet = book["Passages"]
    row_of = {sheet.cell(row, 2).value: row for row in range(2, sheet.max_row + 1)}
    for passage in gold.passages:
        for place, a in enumerate(passage.alignments):
            row = row_of[passage.passage]
            if place >= 3:  # more than three provisions: a further row with the same passage id
                row = sheet.max_row + 1 if place == 3 else sheet.max_row
                sheet.cell(row, 2).value = passage.passage
            words = gold.documents[passage.response].text[slice(*a.evidence)] if a.evidence else None
            stances = (*a.stances, None, None)[:3]
            for name, value in zip(columns_of(place % 3 + 1), (a.provision, a.grade, *stances, words), strict=True):
                sheet.cell(row, COLUMNS.index(name) + 1).value = value
                sheet.cell(row, COLUMNS.index(name) + 1).data_type = "n" if name.startswith("grade") else "s"
    book.save(copy / "annotation.xlsx")
    assert import_gold(copy) == copy / "gold.jsonl"
    back = read_gold(copy)
    for before, after in zip(gold.passages, back.passages, strict=True):
        assert after.model_copy(update={"alignments": ()}) == before.model_copy(update={"alignments": ()})
        text = gold.documents[before.response].text
        for a, b in zip(before.alignments, after.alignments, strict=True):
            assert (a.provision, a.grade, set(a.stances)) == (b.provision, b.grade, set(b.stances))
            assert (a.evidence is None) == (b.evidence is None)
            if a.evidence and b.evidence:  # words that stand twice in a passage are found where they stand first
                assert text[slice(*b.evidence)].split() == text[slice(*a.evidence)].split()


def test_weird_text_is_text_in_the_sheet_and_evidence_is_exact_in_the_response(folder):
    sheet = openpyxl.load_workbook(folder / "annotation.xlsx")["Passages"]
    cells = [sheet.cell(row, 4) for row in (2, 4, 6)]
    assert [c.data_type for c in cells] == ["s", "s", "s"]
    assert all(c.quotePrefix for c in cells)
    one, two, three = ids(folder)
    label(folder, "r01/1", one, evidence="=SUM(A1:A9) er, hvad vi tror")
    label(folder, "r02/1", one, evidence="for lidt,\nog stierne mangler dato.", stances=["more_explicit", "challenged"])
    label(folder, "r03/1", two, evidence="bæredyg-\ntighed og lys", stances=["mentioned"], grade="1")
    fill(folder, "r01/1", 3, provision=three, grade=1, stancec="proposal", evidence="🌳")
    import_gold(folder)
    found = alignments(folder)
    texts = {name: document.text for name, document in read_gold(folder).documents.items()}
    words = {name: [texts[name[:3]][slice(*a.evidence)] for a in labels] for name, labels in found.items()}
    assert words == {
        "r01/1": ["=SUM(A1:A9) er, hvad vi tror", "🌳"],
        "r02/1": ["for lidt,\r\nog stierne mangler  dato."],
        "r03/1": ["bæredyg\ufffe\ntighed og lys"],
    }
    assert found["r02/1"][0].stances == ("challenged", "more_explicit")
    assert [a.grade for a in found["r01/1"]] == [2, 1]


def test_no_formula_is_written_and_the_xml_is_sound(folder):
    with zipfile.ZipFile(folder / "annotation.xlsx") as archive:
        sheets = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 3
    assert all("<f>" not in xml and "\ufffe" not in xml and "\x0b" not in xml for xml in sheets)


def test_what_is_shown_has_the_offsets_of_the_text():
    text = "".join(map(chr, range(256))) + "\r\n\r\ufffe\uffff🌳 slut"
    assert len(shown(text)) == len(text)
    assert shown("a\r\nb\rc\ufffe\nd") == "a \nb\nc-\nd"


def test_the_sheet_has_drop_downs_frozen_heads_and_the_guidelines(folder):
    book = openpyxl.load_workbook(folder / "annotation.xlsx")
    assert book.sheetnames == ["Passages", "Provisions", "Guidelines"]
    sheet = book["Passages"]
    assert tuple(c.value for c in sheet[1]) == COLUMNS
    assert sheet.freeze_panes == "E2"
    offered = {v.formula1: v for v in sheet.data_validations.dataValidation}
    assert set(offered) == {
        "Provisions!$A$2:$A$4",
        '"1,2"',
        '"endorsed,challenged,more_explicit,proposal,mentioned"',
    }
    for column, name in zip(sheet.iter_cols(min_row=2, max_row=2), COLUMNS, strict=True):
        kinds = [v for v in offered.values() if column[0].coordinate in v.sqref]
        assert len(kinds) == (name.split()[0] in ("provision", "grade", "stance")), name
    assert [c.value for c in book["Provisions"]["A"]] == ["id", *ids(folder)]
    assert any("shortest verbatim piece" in str(c.value) for c in book["Guidelines"]["A"])
    # "4.10" typed into an empty cell stays text
    assert sheet.column_dimensions["E"].number_format == "@"


def test_the_guidelines_are_those_of_the_labelled_sets():
    import policydiff.annotate as package

    inside = Path(package.__file__).parent / "guidelines.md"
    assert inside.read_bytes() == (GOLD.parent / "GUIDELINES.md").read_bytes()


def test_a_long_passage_and_many_provisions_fit(tmp_path):
    text = "= " + "ord " * 20_000 + "til sidst"
    passage = GoldPassage(response="r01", passage="r01/1", start=5, end=5 + len(text), text=text)
    names = [f"et-meget-langt-navn-{n}.10" for n in range(400)]
    provisions = [Provision(id=n, kind="mål", text="t", start=0, end=1) for n in names]
    write_sheet(tmp_path / "annotation.xlsx", [passage], provisions)
    fill(tmp_path, "r01/1", provision=names[-1], grade=2, stancea="endorsed", evidence="til sidst")
    found = read_sheet(tmp_path / "annotation.xlsx", [passage], names)
    end = passage.end
    assert found == {
        "r01/1": (GoldAlignment(provision=names[-1], grade=2, stances=("endorsed",), evidence=(end - 9, end)),)
    }


def test_an_id_is_text_and_never_a_number(tmp_path):
    passage = GoldPassage(response="r01", passage="r01/1", start=0, end=3, text="Ja.")
    provisions = [Provision(id=n, kind="mål", text="t", start=0, end=1) for n in ("4.1", "4.10", "5")]
    file = tmp_path / "annotation.xlsx"
    write_sheet(file, [passage], provisions)
    for typed, read in (("4.10", "4.10"), ("4.1", "4.1"), (5, "5")):
        fill(tmp_path, "r01/1", provision=typed, grade=1, stancea="endorsed")
        assert read_sheet(file, [passage], ["4.1", "4.10", "5"])["r01/1"][0].provision == read
    fill(tmp_path, "r01/1", provision=4.1)
    with pytest.raises(UnreadableError, match=r"row 2, column E \(provision 1\): holds the float 4.1, not text"):
        read_sheet(file, [passage], ["4.1", "4.10", "5"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"provision": "maal-9"}, r"row 4, column E \(provision 1\): 'maal-9' is no provision of this draft; it has "),
        ({"grade": 3}, r"row 4, column F \(grade 1\): .*got '3'"),
        ({"grade": None}, r"row 4, column F \(grade 1\): .*it is empty"),
        ({"stancea": "støtter"}, r"row 4, column G \(stance 1a\): 'støtter' is no stance; they are endorsed"),
        ({"stancea": None}, r"row 4, column G \(stance 1a\): a provision needs a stance"),
        ({"stancec": "endorsed"}, r"row 4, column I \(stance 1c\): 'endorsed' stands here twice"),
        ({"stanceb": "mentioned"}, r"row 4, column H \(stance 1b\): 'mentioned' stands alone"),
        ({"evidence": "haverne er alt for lidt"}, r"row 4, column J \(evidence 1\): 'haverne .*' does not stand in"),
        ({"provision": None}, r"row 4, column F \(grade 1\): is filled in, but provision 1 is empty"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(folder, values, message):
    before = (folder / "gold.jsonl").read_bytes()
    row = fill(folder, "r02/1", **{"provision": ids(folder)[0], "grade": 2, "stancea": "endorsed"} | values)
    assert row == 4
    with pytest.raises(UnreadableError, match=message):
        import_gold(folder)
    assert (folder / "gold.jsonl").read_bytes() == before


def test_a_provision_once_a_passage_over_all_its_rows(folder):
    one, two, _ = ids(folder)
    label(folder, "r01/1", one)
    label(folder, "r01/1", two, row=20)
    import_gold(folder)
    assert [a.provision for a in alignments(folder)["r01/1"]] == [one, two]
    label(folder, "r01/1", one, row=21)
    with pytest.raises(UnreadableError, match=r"row 21, column E \(provision 1\): r01/1 has .* already"):
        import_gold(folder)


def changed(folder, change):
    book = openpyxl.load_workbook(folder / "annotation.xlsx")
    change(book)
    book.save(folder / "annotation.xlsx")


def set_cell(coordinate, value):
    return lambda book: book["Passages"].__setitem__(coordinate, value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda book: book["Passages"].delete_rows(3), r"has no row for r01/2; keep a row"),
        (set_cell("B3", "r09/9"), r"row 3, column B \(passage\): 'r09/9' is no passage of gold.jsonl"),
        (set_cell("D3", "noget andet"), r"row 3, column D \(text\): is not the text of passage r01/2"),
        (set_cell("E1", "provision"), r"row 1: there is no column provision 1"),
        (set_cell("X1", "grade 2"), r"row 1, column X: 'grade 2' stands over column L too"),
        (lambda book: setattr(book["Passages"], "title", "Ark1"), r"has no sheet 'Passages', but Ark1"),
    ],
)
def test_a_sheet_that_was_changed_is_refused(folder, change, message):
    changed(folder, change)
    with pytest.raises(UnreadableError, match=message):
        import_gold(folder)


def test_sorted_rows_notes_and_empty_rows_are_fine(folder):
    label(folder, "r03/2", ids(folder)[0])

    def reorder(book):
        sheet = book["Passages"]
        sheet.move_range("A7:V7", rows=5)
        sheet.insert_cols(1)
        sheet["A1"], sheet["A2"], sheet["A9"] = "note", "tvivl", "intet her"

    changed(folder, reorder)
    import_gold(folder)
    assert list(alignments(folder)) == ["r03/2"]


def test_another_file_and_files_that_are_none(folder, tmp_path):
    label(folder, "r01/1", ids(folder)[0])
    other = Path(shutil.move(folder / "annotation.xlsx", tmp_path / "udfyldt.xlsx"))
    import_gold(folder, other)
    assert list(alignments(folder)) == ["r01/1"]
    with pytest.raises(UnreadableError, match=r"annotation.xlsx: cannot be read"):
        import_gold(folder)
    other.write_bytes(b"ikke et regneark")
    with pytest.raises(UnreadableError, match=r"is no .xlsx spreadsheet"):
        import_gold(folder, other)


def test_nothing_is_overwritten_and_nothing_made_without_responses(folder, tmp_path):
    draft, response = tmp_path / "udkast.md", tmp_path / "svar0.txt"
    with pytest.raises(InputError, match="is not empty; name a new folder"):
        init_gold(draft, [response], folder)
    with pytest.raises(InputError, match="is a file"):
        init_gold(draft, [response], response)
    with pytest.raises(UnreadableError, match=r"no response could be read; the first: .*nix\.txt"):
        init_gold(draft, [tmp_path / "nix.txt"], tmp_path / "andet")
    assert not (tmp_path / "andet").exists()


def test_a_corrected_policy_is_a_draft_and_its_provisions_must_be_told_apart(tmp_path):
    policy = load_policy(GOLD / "lejelov" / "draft.md")
    response = GOLD / "lejelov" / "responses" / "r01.txt"
    file = tmp_path / "policy.json"
    file.write_text(policy.model_dump_json(), encoding="utf-8")
    init_gold(file, [response], tmp_path / "ud")
    assert read_gold(tmp_path / "ud").policy == policy
    first, second, *rest = policy.provisions
    twin = second.model_copy(update={"kind": first.kind, "label": first.label, "title": first.title})
    file.write_text(policy.model_copy(update={"provisions": (first, twin, *rest)}).model_dump_json(), encoding="utf-8")
    with pytest.raises(DraftError, match=f"'{first.id}' and '{second.id}' have the same kind, label and title"):
        init_gold(file, [response], tmp_path / "andet")
    assert not (tmp_path / "andet").exists()


def test_texts_that_would_be_read_otherwise_get_a_byte_order_mark():
    from policydiff.annotate.folders import _encoded
    from policydiff.documents.decoding import decode

    for text in ("\ufeffVi støtter", "%PDF-1.4 er nævnt", "PK\x03\x04", "a\0b\0c\0", "Vi støtter 🌳\r\n"):
        assert decode(_encoded(text)) == text
        assert not _encoded(text).startswith((b"%PDF-", b"PK\x03\x04"))
    assert _encoded("Vi støtter") == "Vi støtter".encode()


def test_line_separators_within_a_passage_do_not_part_a_line(tmp_path):
    (tmp_path / "udkast.md").write_text(DRAFT, encoding="utf-8")
    (tmp_path / "svar.txt").write_text("Vi støtter\u2028stierne og lyset, fordi\x85de er gode.", encoding="utf-8")
    init_gold(tmp_path / "udkast.md", [tmp_path / "svar.txt"], tmp_path / "ud")
    assert any("\u2028" in p.text for p in read_gold(tmp_path / "ud").passages)


def test_without_openpyxl_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(SettingsError, match=r'pip install "policydiff\[annotate\]"'):
        init_gold(tmp_path / "udkast.md", [], tmp_path / "ud")
    assert not (tmp_path / "ud").exists()


def command(*arguments):
    parser = argparse.ArgumentParser()
    configure(parser)
    return run(parser.parse_args([str(a) for a in arguments]))


def test_the_three_commands(tmp_path, capsys):
    draft = GOLD / "byrum" / "draft.md"
    out = tmp_path / "ud"
    assert command("init", draft, GOLD / "byrum" / "responses", "--out", out) == 0
    assert "12 responses" in capsys.readouterr().out
    label(out, "r01/1", ids(out)[0])
    assert command("import", out) == 0
    assert f"policydiff evaluate {out}" in capsys.readouterr().out
    other = Path(shutil.copytree(out, tmp_path / "anden"))
    label(other, "r01/1", ids(out)[1])
    assert command("import", other, "--sheet", other / "annotation.xlsx") == 0
    assert command("agreement", out, other) == 0
    assert "2 disagreements" in capsys.readouterr().out
    assert command("agreement", out, other, "--json", tmp_path / "a.json") == 0
    assert json.loads((tmp_path / "a.json").read_text())["both"] == 0
    capsys.readouterr()
    assert command("agreement", out, out, "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["kappa"] == 1.0


def test_an_unreadable_response_is_reported_and_the_rest_goes_on(tmp_path, capsys):
    responses = GOLD / "byrum" / "responses"
    (tmp_path / "tom.txt").touch()
    status = command(
        "init", GOLD / "byrum" / "draft.md", tmp_path / "tom.txt", responses / "r02.txt", "--out", tmp_path / "ud"
    )
    assert status == 1
    assert "tom.txt: the file is empty" in capsys.readouterr().err
    assert list(read_gold(tmp_path / "ud").documents) == ["r01"]


def test_archives_and_tables_give_their_responses_as_for_compare(tmp_path):
    (tmp_path / "draft.md").write_text("## Princip A: Åbenhed\n\nVi er åbne.\n", encoding="utf-8")
    place = tmp_path / "svar"
    for name in ("a/brev.txt", "b/brev.txt"):
        (place / name).parent.mkdir(parents=True)
        (place / name).write_text(f"Vi støtter princip A, siger {name[0]}.\n", encoding="utf-8")
    with zipfile.ZipFile(place / "flere.zip", "w") as archive:
        archive.writestr("c.md", "Vi er imod princip A, siger c.\n")
        archive.writestr("d.doc", "x")
    (place / "svar.csv").write_text(
        "id,navn,type,svar\n7,Anna,borger,Princip A bør uddybes noget mere end nu.\n", encoding="utf-8"
    )
    started = init_gold(tmp_path / "draft.md", [place], tmp_path / "gold")
    assert (started.responses, started.passages) == (4, 4)
    assert [f.source for f in started.errors] == ["flere.zip/d.doc"]
    respondents = json.loads((tmp_path / "gold/respondents.json").read_text(encoding="utf-8"))
    assert [r["source"] for r in respondents] == ["a/brev.txt", "b/brev.txt", "flere.zip/c.md", "svar.csv#7"]
    assert respondents[3]["respondent"] == "Anna"
