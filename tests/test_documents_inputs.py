"""Folders, archives, tables, mails and the table of respondents; nothing in them is lost."""

import io
import json
import zipfile
from email.message import EmailMessage

import openpyxl
import pytest

import policydiff
from policydiff import Comparer, Document, Failure, Settings, document_from_text
from policydiff.documents import parse_response
from policydiff.documents.inputs import ResponseInputs
from policydiff.documents.tables import columns_of
from policydiff.errors import InputError, LimitError, UnsupportedError
from policydiff.settings import DocumentSettings, LimitSettings

ANSWER = "Vi støtter princip C om civilsamfundet."
LONG = "Vi støtter princip C om civilsamfundet som en ligeværdig partner i alle bydele."


def read(*sources, **settings):
    return list(ResponseInputs(list(sources), DocumentSettings(**settings)))


def documents(*sources, **settings):
    found = read(*sources, **settings)
    assert all(isinstance(one, Document) for one in found), found
    return found


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def test_files_of_one_name_in_two_folders_have_different_sources(tmp_path):
    for name in ("a/svar.txt", "b/svar.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(ANSWER)
    files = [tmp_path / "a/svar.txt", tmp_path / "b/svar.txt"]
    assert [d.source for d in documents(tmp_path)] == ["a/svar.txt", "b/svar.txt"]
    assert [d.source for d in documents(*files)] == ["a/svar.txt", "b/svar.txt"]
    assert [d.source for d in documents(files[0])] == ["svar.txt"]
    lazily = [d.source for d in ResponseInputs(iter(files))]
    assert len(set(lazily)) == 2


def test_folders_and_archives_go_through_the_python_interface_too(tmp_path, koebenhavn):
    folder = tmp_path / "svar"
    folder.mkdir()
    (folder / "et.txt").write_text(ANSWER)
    inner = zipped(**{"inderst/tre.txt": ANSWER})
    (folder / "flere.zip").write_bytes(
        zipped(
            **{"to.txt": ANSWER, "ind.zip": inner, "gammel.doc": b"x", "__MACOSX/._to.txt": b"x", "../fire.md": ANSWER}
        )
    )
    result = policydiff.compare(koebenhavn / "udkast.md", folder)
    assert [r.source for r in result.responses] == [
        "et.txt",
        "flere.zip/fire.md",
        "flere.zip/ind.zip/inderst/tre.txt",
        "flere.zip/to.txt",
    ]
    assert [f.source for f in result.errors] == ["flere.zip/gammel.doc"]
    assert len({r.id for r in result.responses}) == 4


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl"])
def test_a_table_has_a_row_a_response_and_no_types(tmp_path, suffix):
    header = ["Løbenr.", "Afsender", "Organisation", "Type", "Postnr.", "Høringssvar"]
    rows = [
        ["4.10", "Anna", "", "borger", "2100", f"{LONG}\n\nOg; “citat”"],
        ["007", "Bo", "Cykelforeningen", "", "0900", LONG],
        ["", "", "", "", "", ""],
        ["4.1", "Tom", "", "", "", ""],
    ]
    path = tmp_path / f"svar{suffix}"
    if suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in (header, *rows):
            book.active.append(row)
        book.save(path)
    elif suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(dict(zip(header, row, strict=True))) for row in rows))
    else:
        cells = (";".join('"' + c.replace('"', '""') + '"' for c in row) for row in (header, *rows))
        path.write_bytes("\r\n".join(cells).encode("cp1252"))
    anna, bo, tom = read(path)
    assert (anna.source, anna.respondent, anna.kind) == (f"svar{suffix}#4.10", "Anna", "citizen")
    assert anna.text == f"{LONG}\n\nOg; “citat”"
    assert (bo.source, bo.respondent, bo.format) == (f"svar{suffix}#007", "Cykelforeningen, Bo", "row")
    assert tom.source == f"svar{suffix}#4.1"
    assert "no text" in tom.message
    response, _ = parse_response(anna, response_id="r1")
    assert (response.respondent, response.kind, response.kind_guessed) == ("Anna", "citizen", False)


def test_a_column_a_template_question_gives_sections(tmp_path):
    (tmp_path / "svar.csv").write_text(
        "id,navn,Generelle bemærkninger,Bemærkninger til principperne\n"
        f"1,Anna,{LONG},{LONG}\n2,Bo,,Ikke noget særligt ud over at princip C er godt nok\n",
        encoding="utf-8",
    )
    anna, bo = documents(tmp_path / "svar.csv")
    sections = [b.section for b in parse_response(anna, response_id="r")[1] if b.kind == "paragraph"]
    assert sections == ["Generelle bemærkninger", "Bemærkninger til principperne"]
    (only,) = [b for b in parse_response(bo, response_id="r")[1] if b.kind == "paragraph"]
    assert only.section == "Bemærkninger til principperne"


def test_numbers_of_spreadsheets_are_shown_as_they_are(tmp_path):
    book = openpyxl.Workbook()
    for row in (["id", "svar"], [12, LONG], [4.1, LONG], ["4.10", LONG]):
        book.active.append(row)
    book.save(tmp_path / "svar.xlsx")
    assert [d.source for d in documents(tmp_path / "svar.xlsx")] == [f"svar.xlsx#{n}" for n in ("12", "4.1", "4.10")]


def test_a_row_may_name_a_file_beside_the_table_and_no_other(tmp_path):
    folder = tmp_path / "svar"
    folder.mkdir()
    (folder / "anna.md").write_text(ANSWER)
    (tmp_path / "hemmelig.txt").write_text("hemmeligt")
    (folder / "svar.csv").write_text("navn,fil\nAnna,anna.md\nBo,../hemmelig.txt\nEva,findes-ikke.pdf\n")
    anna, bo, eva = read(folder)
    assert (anna.text, anna.respondent, anna.source) == (ANSWER, "Anna", "svar.csv#2")
    assert all(isinstance(one, InputError) and "not in the folder" in one.message for one in (bo, eva))


def test_columns_are_known_by_name_or_by_long_cells():
    assert columns_of(["ID", "Name", "Response"], []).texts == (2,)
    found = columns_of(["nr", "hvad synes du?"], [["1", LONG]])
    assert (found.named, found.texts) == ({"id": 0}, (1,))
    assert columns_of(["a", "b"], [["1", "kort"]]).texts == (1,)


def test_a_table_without_text_says_which_columns_it_has(tmp_path):
    (tmp_path / "tal.csv").write_text("id,respondent\n1,Anna\n")
    (failure,) = read(tmp_path / "tal.csv")
    assert "id, respondent" in failure.message
    (tmp_path / "tom.csv").write_text("")
    (failure,) = read(tmp_path / "tom.csv")
    assert "empty" in failure.message


def mail(**parts):
    message = EmailMessage()
    message["From"] = parts.get("sender", "Ældre Sagen <post@example.dk>")
    message["Subject"] = parts.get("subject", "Høringssvar")
    message.set_content(parts.get("body", "Se vedhæftede.\n"))
    for name, data in parts.get("files", {}).items():
        message.add_attachment(data, "application", "octet-stream", filename=name)
    return message.as_bytes()


def test_a_mail_and_its_attachments_are_one_response(tmp_path):
    (tmp_path / "svar.eml").write_bytes(
        mail(files={"svar.md": f"# Om principperne\n\n{ANSWER}".encode(), "s.doc": b"x"})
    )
    (document,) = documents(tmp_path)
    response, blocks = parse_response(document, response_id="r")
    assert response.respondent == "Ældre Sagen"
    assert [(b.kind, b.text) for b in blocks] == [
        ("front", "Høringssvar"),
        ("paragraph", "Se vedhæftede."),
        ("heading", "# Om principperne"),
        ("paragraph", ANSWER),
    ]
    (warning,) = document.warnings
    assert "s.doc" in warning
    assert ".docx" in warning


def test_what_is_unread_of_a_response_is_in_the_ledger(tmp_path, koebenhavn):
    (tmp_path / "svar.eml").write_bytes(mail(body=ANSWER, files={"scan.png": b"x"}))
    result = policydiff.compare(koebenhavn / "udkast.md", tmp_path)
    assert len(result.responses) == 1
    (failure,) = result.errors
    assert (failure.source, failure.error) == ("svar.eml", "PartlyReadError")
    assert "ocrmypdf" in failure.message


def test_respondents_csv_overrides_and_gives_weights(tmp_path):
    for name in ("et.txt", "to.txt"):
        (tmp_path / name).write_text(ANSWER)
    (tmp_path / "respondents.csv").write_text(
        'file,respondent,kind,weight\net.txt,Vanløse Lokaludvalg,committee,"2,5"\nvæk.txt,Ingen,,\n', encoding="utf-8"
    )
    one, two, left = read(tmp_path)
    response, _ = parse_response(one, response_id="r")
    assert (response.respondent, response.kind, response.kind_guessed) == ("Vanløse Lokaludvalg", "committee", False)
    assert response.weight == 2.5
    assert (two.respondent, two.weight) == ("", 1.0)
    assert "væk.txt" in left.message
    elsewhere = tmp_path / "andre.csv"
    elsewhere.write_text("fil;navn\nto.txt;Bo\n")
    again = [d for d in read(tmp_path / "to.txt", respondents=str(elsewhere)) if isinstance(d, Document)]
    assert [d.respondent for d in again] == ["Bo"]


def test_limits_name_their_setting(tmp_path):
    deep = zipped(**{"a.txt": ANSWER})
    for _ in range(5):
        deep = zipped(**{"b.zip": deep})
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "svar", "x"
    book.save(tmp_path / "stor.xlsx")
    (tmp_path / "lang.txt").write_text("ord " * 1000)
    (tmp_path / "dyb.zip").write_bytes(deep)
    (tmp_path / "bombe.zip").write_bytes(zipped(**{"a.txt": b"0" * 20_000_000}))
    (tmp_path / "mange.csv").write_text("svar\n" + "ja,nej\n" * 600)
    (tmp_path / "dyb.html").write_text("<div>" * 300 + ANSWER)
    limits = LimitSettings(characters=3000, table_cells=1000, depth=100)
    expected = {
        "stor.xlsx": "table_cells",
        "lang.txt": "characters",
        "dyb.zip": "nesting",
        "bombe.zip": "zip_ratio",
        "mange.csv": "table_cells",
        "dyb.html": "depth",
    }
    for name, setting in expected.items():
        (failure,) = read(tmp_path / name, limits=limits)
        assert isinstance(failure, LimitError), (name, failure)
        assert f"documents.limits.{setting}" in failure.message
    (failure,) = read(tmp_path / "lang.txt", limits=LimitSettings(file_bytes=10))
    assert "documents.limits.file_bytes" in failure.message
    (failure,) = read(tmp_path / "dyb.html", limits=LimitSettings(seconds=1e-9))
    assert "documents.limits.seconds" in failure.message


def test_entities_are_refused_and_nothing_is_fetched(tmp_path):
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d SYSTEM "file:///etc/passwd">]><a>&b;&d;</a>'
    for name, part in (("a.docx", "word/document.xml"), ("a.odt", "content.xml"), ("a.xlsx", "xl/workbook.xml")):
        (tmp_path / name).write_bytes(zipped(**{part: bomb}))
        (failure,) = read(tmp_path / name)
        assert "entities" in failure.message
        (tmp_path / name).unlink()
    (tmp_path / "a.html").write_text(f'<!DOCTYPE html [<!ENTITY d SYSTEM "file:///etc/passwd">]><p>{ANSWER} &d;</p>')
    (document,) = documents(tmp_path / "a.html")
    assert "root" not in document.text


@pytest.mark.parametrize("name", ["a.doc", "a.xls", "a.msg", "a.png", "a.rar", "a.pages", "a.xyz", "uden"])
def test_formats_that_are_not_read_say_what_to_do(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    (failure,) = read(tmp_path)
    assert isinstance(failure, UnsupportedError)
    assert any(word in failure.message for word in ("save", "export", "pack", "ocrmypdf", "read are"))


def test_binary_data_is_no_text(tmp_path):
    (tmp_path / "a.txt").write_bytes(bytes(range(256)) * 20)
    (failure,) = read(tmp_path)
    assert "binary" in failure.message


def test_a_very_long_paragraph_is_several_passages():
    sentence = "Vi synes, at det er en god politik, og vi takker for den. "
    for text in (sentence * 2000, "a" * 100_000, "ord " * 25_000):
        _, blocks = parse_response(document_from_text(text), response_id="r")
        assert len(blocks) > 20
        assert max(len(b.text) for b in blocks) <= 4000
        assert "".join("".join(b.text.split()) for b in blocks) == "".join(text.split())
    _, blocks = parse_response(document_from_text(sentence * 2000), response_id="r")
    assert all(b.text.endswith("den.") for b in blocks)


def test_the_headings_of_a_template_are_found(tmp_path, koebenhavn):
    (tmp_path / "skabelon.txt").write_text("Hvad er godt ved udkastet?\n\nHvad mangler der efter jeres mening\n")
    (tmp_path / "svar.txt").write_text(
        "Hvad er godt ved udkastet?\nVi støtter princip C.\n"
        "Hvad mangler der efter jeres mening\nPrincip E bør uddybes.\n"
    )
    settings = Settings(documents={"template": str(tmp_path / "skabelon.txt")})
    result = Comparer(koebenhavn / "udkast.md", settings=settings).compare([tmp_path / "svar.txt"])
    assert [p.section for p in result.passages] == ["Hvad er godt ved udkastet?", "Hvad mangler der efter jeres mening"]


@pytest.mark.parametrize(
    ("text", "respondent", "kind"),
    [
        (
            f"{ANSWER}\n\nMed venlig hilsen\nAnna Hansen\nFormand, Ældrerådet",
            "Anna Hansen, Formand, Ældrerådet",
            "committee",
        ),
        (f"Jeg er imod princip B.\n\nMvh. Bo Jensen, {'x'}@example.dk", "Bo Jensen", "citizen"),
        (f"Afsender: Danske Handicaporganisationer\n\n{ANSWER}", "Danske Handicaporganisationer", "organisation"),
        (f"Vanløse Lokaludvalg\n\n{ANSWER}", "Vanløse Lokaludvalg", "committee"),
        (f"NordHjem Omsorg ApS\n\n{ANSWER}", "NordHjem Omsorg ApS", "company"),
        (f"Vestermose Kommune\n\n{ANSWER}", "Vestermose Kommune", "authority"),
        (
            "We support principle C.\n\nYours sincerely,\nJane Doe\nNewtown Residents Association",
            "Jane Doe, Newtown Residents Association",
            "organisation",
        ),
        (f"{ANSWER}", "svar", None),
    ],
)
def test_the_respondent_is_found_and_its_kind_guessed(text, respondent, kind):
    response, _ = parse_response(document_from_text(text, source="svar.txt"), response_id="r")
    assert (response.respondent, response.kind, response.kind_guessed) == (respondent, kind, True)


def test_stream_tells_what_was_left_unread_after_the_response(tmp_path, koebenhavn):
    (tmp_path / "svar.eml").write_bytes(mail(body=ANSWER, files={"s.doc": b"x"}))
    results = list(Comparer(koebenhavn / "udkast.md").stream([tmp_path / "svar.eml", tmp_path / "none.txt"]))
    assert [isinstance(r, Failure) for r in results] == [False, True, True]
    assert results[0].response.id == "r1"
