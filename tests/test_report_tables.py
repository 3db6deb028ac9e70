import csv
import sys
import zipfile
from functools import partial

import openpyxl
import pandas
import polars
import pytest
from pyarrow import parquet

from policydiff.cli import main
from policydiff.errors import SettingsError, UnreadableError
from policydiff.models import STANCES
from policydiff.report.tables import KINDS, columns
from policydiff.report.tables_files import write_csv, write_parquet
from policydiff.report.tables_xlsx import cell_text, write_xlsx
from report_cases import FORMULA, LONG, made_result


@pytest.fixture(scope="module")
def made():
    return made_result()


@pytest.fixture(scope="module")
def book(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "made.xlsx"
    write_xlsx(made, path)
    return openpyxl.load_workbook(path)


def records(sheet):
    head, *rows = sheet.iter_rows()
    names = [c.value for c in head]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_every_finding_is_in_the_frame_with_its_words(made):
    frame = made.to_frame()
    assert list(frame["finding_id"]) == [f.id for f in made.findings]
    assert frame["finding_id"].is_unique
    assert frame["accepted"].sum() == sum(f.accepted for f in made.findings)
    first = frame.iloc[0]
    assert first["labels"] == ("endorsed", "more_explicit")
    assert first["cues"] == ("Vi støtter princip A", "Men princip A skal være klarere.")
    assert (first["endorsed"], first["challenged"]) == (True, False)
    assert first["p_endorsed"] == pytest.approx(0.8)
    assert first["section"] == "4.10"
    assert frame["page"].dtype == "Int64"


def test_the_frames_count_what_the_tallies_count(seed_result):
    frame = seed_result.to_frame()
    accepted = frame[frame["accepted"]]
    counted = seed_result.to_frame("tallies").set_index("provision_id")
    for stance in STANCES:
        said = accepted[accepted[stance]].groupby("provision_id")["response_id"].nunique()
        expected = counted[f"respondents_{stance}"]
        assert said.reindex(counted.index, fill_value=0).tolist() == expected.tolist()
    assert len(seed_result.to_frame("passages")) == len(seed_result.passages)


@pytest.mark.parametrize("kind", KINDS)
def test_all_libraries_give_the_same_table(made, kind):
    shown = {library: made.to_frame(kind, library=library) for library in ("pandas", "polars", "pyarrow")}
    assert isinstance(shown["pandas"], pandas.DataFrame)
    assert isinstance(shown["polars"], polars.DataFrame)
    rows = shown["pyarrow"].to_pylist()
    assert shown["polars"].to_dicts() == rows
    names = list(shown["pandas"].columns)
    assert names == shown["pyarrow"].column_names
    for mine, row in zip(shown["pandas"].itertuples(index=False), rows, strict=True):
        for value, wanted in zip(mine, row.values(), strict=True):
            if isinstance(wanted, list):
                assert list(value) == wanted
            else:
                assert (None if pandas.isna(value) else value) == wanted


def test_a_result_without_findings_has_the_same_columns(made):
    empty = made.model_copy(update={"findings": (), "errors": ()})
    for kind in KINDS:
        for library in ("pandas", "polars", "pyarrow"):
            assert len(empty.to_frame(kind, library=library)) in (0, len(made.to_frame(kind)))
        assert [(c.name, c.type) for c in columns(empty, kind)] == [(c.name, c.type) for c in columns(made, kind)]
    assert empty.to_frame(library="polars").schema == made.to_frame(library="polars").schema


def test_unknown_tables_and_libraries_are_named(made):
    with pytest.raises(SettingsError, match="no table 'x'; there are findings, tallies"):
        made.to_frame("x")
    with pytest.raises(SettingsError, match="choose pandas, polars, pyarrow"):
        made.to_frame(library="r")


@pytest.mark.parametrize(
    ("library", "extra"), [("pandas", "tables"), ("polars", "polars"), ("pyarrow", "tables"), ("xlsxwriter", "tables")]
)
def test_a_missing_package_names_the_pip_command(made, tmp_path, monkeypatch, library, extra):
    monkeypatch.setitem(sys.modules, library, None)
    ask = partial(write_xlsx, made, tmp_path / "x.xlsx")
    if library != "xlsxwriter":
        ask = partial(made.to_frame, library=library)
    with pytest.raises(SettingsError, match=rf'pip install "policydiff\[{extra}\]"'):
        ask()
    assert not (tmp_path / "x.xlsx").exists()


def test_a_sheet_a_table_with_a_frozen_filtered_header(book, made):
    assert book.sheetnames == list(KINDS)
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert all(c.font.bold and c.fill.fgColor.rgb == "FFDDE6EE" for c in sheet[1])
        assert all(sheet.column_dimensions[c.column_letter].width >= 9 for c in sheet[1])
    text = next(c for c in book["findings"][1] if c.value == "text")
    assert book["findings"].column_dimensions[text.column_letter].width > 60
    assert book["findings"].cell(2, text.column).alignment.wrap_text
    assert book["findings"].max_row == len(made.findings) + 1


def test_findings_below_the_threshold_are_there_but_filtered_out(book, made):
    sheet = book["findings"]
    hidden = [sheet.row_dimensions[n].hidden for n in range(2, len(made.findings) + 2)]
    assert hidden == [not f.accepted for f in made.findings]
    assert any(hidden)


def test_no_cell_is_a_formula_and_ids_stay_text(book, tmp_path, made):
    rows = records(book["findings"])
    hostile = next(r for r in rows if r["finding_id"].value == "r3/1:a")
    assert (hostile["text"].value, hostile["text"].data_type) == (FORMULA, "s")
    assert hostile["text"].quotePrefix
    assert hostile["respondent"].value == "=1+1"
    assert (hostile["section"].value, hostile["section"].data_type) == ("4.10", "s")
    assert (hostile["page"].value, hostile["page"].data_type) == (1, "n")
    assert hostile["accepted"].value is True
    assert rows[0]["labels"].value == "endorsed\nmore_explicit"
    assert not any(c.data_type == "f" for sheet in book for row in sheet.iter_rows() for c in row)
    write_xlsx(made, tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as file:
        sheets = [file.read(n) for n in file.namelist() if n.startswith("xl/worksheets/sheet")]
    assert sheets
    assert not any(b"<f>" in s or b"<f " in s or b"<hyperlink" in s for s in sheets)


def test_a_cell_holds_what_excel_can_hold():
    assert cell_text("a\x00b\x0bc\r\nd\re\ufffef") == "a b c\nd\ne-f"
    for text in ("x" * 40_000, "🙂" * 20_000, "x🙂" * 15_000):
        cut = cell_text(text)
        assert len(cut.encode("utf-16-le")) // 2 <= 32_767
        assert cut.endswith(" […]")
        assert text.startswith(cut.removesuffix(" […]"))
    assert cell_text("🙂" * 16_000) == "🙂" * 16_000


def test_csv_cells_that_begin_a_formula_are_defused(made, tmp_path):
    write_csv(made, tmp_path)
    assert (tmp_path / "findings.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    tables = {}
    for kind in KINDS:
        with (tmp_path / f"{kind}.csv").open(encoding="utf-8-sig", newline="") as file:
            tables[kind] = list(csv.DictReader(file))
    assert not [v for rows in tables.values() for row in rows for v in row.values() if v.startswith(tuple("=+-@\t\r"))]
    names = [r["respondent"] for r in tables["responses"]]
    assert names == ["'@Foreningen", "'-Klubben\r\nmed to linjer", "'=1+1"]
    assert tables["passages"][0]["text"] == LONG
    assert tables["findings"][0]["labels"] == "endorsed; more_explicit"
    assert (tables["findings"][0]["accepted"], tables["findings"][0]["page"]) == ("true", "1")
    assert tables["responses"][0]["kind"] == ""
    assert len(tables["findings"]) == len(made.findings)


def test_parquet_keeps_types_and_texts(made, tmp_path):
    write_parquet(made, tmp_path)
    table = parquet.read_table(tmp_path / "findings.parquet")
    assert table.equals(made.to_frame(library="pyarrow"))
    types = {f.name: str(f.type) for f in table.schema}
    assert (types["section"], types["page"], types["confidence"]) == ("string", "int64", "double")
    assert types["accepted"] == "bool"
    assert types["labels"].startswith("list<")
    assert parquet.read_table(tmp_path / "responses.parquet")["respondent"].to_pylist()[2] == "=1+1"
    assert {p.name for p in tmp_path.iterdir()} == {f"{kind}.parquet" for kind in KINDS}


@pytest.mark.parametrize("form", ["xlsx", "csv", "parquet"])
def test_the_same_result_gives_the_same_bytes(made, tmp_path, form):
    write = {"xlsx": write_xlsx, "csv": write_csv, "parquet": write_parquet}[form]
    for name in ("a", "b"):
        write(made_result() if name == "b" else made, tmp_path / name)
    a, b = tmp_path / "a", tmp_path / "b"
    pairs = [(a, b)] if form == "xlsx" else [(f, b / f.name) for f in sorted(a.iterdir())]
    assert pairs
    assert all(one.read_bytes() == other.read_bytes() for one, other in pairs)


@pytest.mark.parametrize("write", [write_xlsx, write_csv, write_parquet])
def test_a_place_that_cannot_be_written_is_named(made, tmp_path, write):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreadableError, match="cannot be written"):
        write(made, tmp_path / "file" / "x")


def test_the_command_writes_tables_beside_the_json(tmp_path, capsys):
    draft, response = "fixtures/koebenhavn-2023/udkast.md", tmp_path / "svar.txt"
    response.write_text("Vi støtter princip C.", encoding="utf-8")
    sheet, folder, result = tmp_path / "x.xlsx", tmp_path / "csv", tmp_path / "r.json"
    asked = ["--xlsx", str(sheet), "--csv", str(folder), "--parquet", str(tmp_path / "p")]
    assert main(["compare", draft, str(response), "--json", str(result), *asked]) == 0
    assert capsys.readouterr().out == ""
    before = sheet.read_bytes()
    assert main(["report", str(result), *asked]) == 0
    assert sheet.read_bytes() == before
    assert len(list(folder.iterdir())) == len(KINDS)


def test_a_missing_package_is_told_before_the_comparing(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    assert main(["compare", "none.md", "none.txt", "--xlsx", str(tmp_path / "x.xlsx")]) == 2
    assert 'pip install "policydiff[tables]"' in capsys.readouterr().err
