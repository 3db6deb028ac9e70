import json
import zipfile

import pytest

from policydiff.cli import main

DRAFT = "fixtures/koebenhavn-2023/udkast.md"
RESPONSE = "fixtures/koebenhavn-2023/hoeringssvar-tingbjerg.txt"


def test_compare_prints_a_table_and_quotations(capsys):
    assert main(["compare", DRAFT, RESPONSE]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for word in ("princip E", "more explicit", "respondents", "Strongest quotations", "1 response,"):
        assert word in out


def test_compare_writes_json(tmp_path, capsys):
    file = tmp_path / "result.json"
    assert main(["compare", DRAFT, RESPONSE, "--json", str(file)]) == 0
    data = json.loads(file.read_text(encoding="utf-8"))
    assert list(data) == [
        "schema_version",
        "provenance",
        "policy",
        "responses",
        "passages",
        "findings",
        "tallies",
        "campaigns",
        "copied_passages",
        "resubmissions",
        "errors",
        "corrections",
    ]
    assert main(["show", str(file), "--provision", "E"]) == 0
    assert "bifalder" in capsys.readouterr().out


def test_one_bad_response_is_reported_and_the_rest_compared(tmp_path, capsys):
    (tmp_path / "tom.txt").write_text("")
    (tmp_path / "svar.txt").write_text("Vi støtter princip C.")
    file = tmp_path / "out" / "result.json"
    file.parent.mkdir()
    assert main(["compare", DRAFT, str(tmp_path), "--json", str(file)]) == 1
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 1
    assert "tom.txt" in err[0]
    data = json.loads(file.read_text(encoding="utf-8"))
    assert [r["source"].endswith("svar.txt") for r in data["responses"]] == [True]
    assert len(data["errors"]) == 1


def test_provisions_are_shown_exported_corrected_and_fed_back(tmp_path, capsys):
    assert main(["provisions", DRAFT]) == 0
    assert "Almene tilbud først" in capsys.readouterr().out
    file = tmp_path / "policy.json"
    assert main(["provisions", DRAFT, "--json", str(file)]) == 0
    policy = json.loads(file.read_text(encoding="utf-8"))
    policy["provisions"] = [p for p in policy["provisions"] if p["label"] in ("C", "E")]
    policy["provisions"][0]["title"] = "Rettet titel"
    del policy["provisions"][0]["start"], policy["provisions"][0]["end"]
    file.write_text(json.dumps(policy), encoding="utf-8")
    out = tmp_path / "result.json"
    assert main(["compare", str(file), RESPONSE, "--json", str(out)]) == 0
    result = json.loads(out.read_text(encoding="utf-8"))
    assert [p["title"] for p in result["policy"]["provisions"]] == ["Rettet titel", "Gensidighed og eget ansvar"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "none.md", RESPONSE],
        ["compare", RESPONSE, RESPONSE],
        ["compare", DRAFT, "none.txt"],
        ["compare", DRAFT, RESPONSE, "--language", "xx"],
        ["compare", DRAFT, RESPONSE, "--accept", "7"],
        ["provisions", "none.md"],
        ["show", "none.json"],
        ["show", "fixtures/gold/hard/integration/provisions.json"],
    ],
)
def test_nothing_done_is_status_2_and_one_line_on_stderr(arguments, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("policydiff: ")
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [["compare"], ["unheard"], []])
def test_wrong_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage: policydiff" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["compare", "provisions", "show"])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "--json" in capsys.readouterr().out or command == "show"


def test_text_from_responses_is_not_read_as_markup(tmp_path, capsys):
    (tmp_path / "svar.txt").write_text("[red]Vi støtter princip C[/red] :smile: [link=x]og princip E[/link].")
    assert main(["compare", DRAFT, str(tmp_path / "svar.txt")]) == 0
    assert "[red]Vi støtter princip C[/red] :smile:" in capsys.readouterr().out


def test_masked_contact_data_is_counted_and_nowhere_in_the_result(tmp_path, capsys):
    (tmp_path / "svar.txt").write_text("Vi støtter princip C. Ring 12 34 56 78 eller skriv til a@b.dk.")
    file = tmp_path / "result.json"
    assert main(["compare", DRAFT, str(tmp_path / "svar.txt"), "--mask", "--json", str(file)]) == 0
    assert "1 email, 1 phone" in capsys.readouterr().err
    assert "a@b.dk" not in file.read_text(encoding="utf-8")


def test_a_template_a_table_of_respondents_and_an_archive_are_taken(tmp_path, capsys):
    (tmp_path / "skabelon.txt").write_text("Hvad synes I?\n\nHvad mangler?\n")
    (tmp_path / "hvem.csv").write_text("file,respondent\nsvar.zip/a.txt,Anna\n")
    with zipfile.ZipFile(tmp_path / "svar.zip", "w") as archive:
        archive.writestr("a.txt", "Hvad synes I?\nVi støtter princip C.\n")
    file = tmp_path / "result.json"
    more = ["--template", str(tmp_path / "skabelon.txt"), "--respondents", str(tmp_path / "hvem.csv")]
    assert main(["compare", DRAFT, str(tmp_path / "svar.zip"), "--json", str(file), *more]) == 0
    data = json.loads(file.read_text(encoding="utf-8"))
    assert [(r["respondent"], r["source"]) for r in data["responses"]] == [("Anna", "svar.zip/a.txt")]
    assert data["passages"][0]["section"] == "Hvad synes I?"
    assert capsys.readouterr().err == ""


def test_models_are_listed_with_size_languages_licence_and_figures(capsys):
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    for word in ("static", "small", "MB", "da, en", "Apache-2.0", "da 0."):
        assert word in out


@pytest.mark.parametrize("encoder", ["static", "small"])
def test_both_embedded_encoders_are_calibrated_and_named_in_the_result(encoder, tmp_path, capsys):
    file = tmp_path / "result.json"
    assert main(["compare", DRAFT, RESPONSE, "--encoder", encoder, "--threads", "1", "--json", str(file)]) == 0
    assert capsys.readouterr().err == ""
    models = json.loads(file.read_text(encoding="utf-8"))["provenance"]["models"]
    assert models["encoder"].startswith(f"policydiff-{encoder}-")


def test_an_encoder_that_is_nowhere_gives_one_line(capsys, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["compare", DRAFT, RESPONSE, "--encoder", "intfloat/none-such"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "cannot load" in err
    assert "static, small" in err
