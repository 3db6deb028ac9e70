import json
from pathlib import Path

import pytest
from tests.report_cases import made_result

import policydiff
from policydiff import UnreadableError, load_result
from policydiff.cli import main
from policydiff.models import SCHEMA_VERSION
from policydiff.results import result_schema

ROOT = Path(__file__).parent.parent


@pytest.fixture
def written():
    return json.loads(
        made_result().model_copy(update={"passages": (), "findings": (), "responses": ()}).model_dump_json()
    )


def as_bytes(data):
    return json.dumps(data).encode()


def test_a_result_is_read_from_a_file_and_from_bytes(written, tmp_path):
    file = tmp_path / "result.json"
    file.write_bytes(as_bytes(written))
    assert load_result(file) == load_result(str(file)) == load_result(as_bytes(written))
    assert json.loads(load_result(file).model_dump_json()) == written
    assert written["schema_version"] == SCHEMA_VERSION


def test_results_from_before_a_field_get_its_default(written):
    for field in ("schema_version", "corrections", "campaigns", "copied_passages", "resubmissions"):
        del written[field]
    result = load_result(as_bytes(written))
    assert (result.schema_version, result.corrections) == (SCHEMA_VERSION, ())


def test_a_newer_minor_version_is_read_where_it_has_nothing_new(written):
    assert load_result(as_bytes(written | {"schema_version": "1.99"})).schema_version == SCHEMA_VERSION
    written["provenance"]["place"] = "x"
    with pytest.raises(UnreadableError) as caught:
        load_result(as_bytes(written | {"schema_version": "1.99"}))
    for word in ("1.99", SCHEMA_VERSION, policydiff.__version__, "provenance.place", "pip install -U policydiff"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("version", "what"), [("2.0", "upgrade policydiff"), ("0.9", "compare again"), ("10.1", "upgrade policydiff")]
)
@pytest.mark.parametrize("more", [{}, {"unheard": 1}])
def test_another_major_version_is_refused_with_what_to_do(written, version, what, more):
    with pytest.raises(UnreadableError, match=f"has result schema {version}, and policydiff .* reads 1.0 to .*{what}"):
        load_result(as_bytes(written | {"schema_version": version} | more))


@pytest.mark.parametrize("version", ["one", "1", "1.0.0", "1.x", 1, None])
def test_a_version_that_is_none_is_named(written, version):
    with pytest.raises(UnreadableError, match=r"has schema version '.*', which is no major\.minor"):
        load_result(as_bytes(written | {"schema_version": version}))


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff", b"null", b'{"schema_version": "1.0"}', b"[" * 100_000])
def test_what_is_no_result_is_said_to_be_none(data):
    with pytest.raises(UnreadableError, match="is no result of `policydiff compare --json`"):
        load_result(data)


def test_an_unknown_field_of_the_same_version_is_named(written):
    with pytest.raises(UnreadableError, match="unheard: Extra inputs"):
        load_result(as_bytes(written | {"unheard": 1}))


def test_the_committed_schema_is_the_exported_one(tmp_path, capsys):
    committed = (ROOT / "docs" / "schema.json").read_text(encoding="utf-8")
    assert main(["schema", "--out", str(tmp_path / "schema.json")]) == 0
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == committed, (
        "policydiff schema --out docs/schema.json"
    )
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == committed


def test_the_schema_names_its_version_and_every_field_of_a_result(written):
    schema = result_schema()
    assert (schema["schema_version"], schema["$id"]) == (SCHEMA_VERSION, f"urn:policydiff:result:{SCHEMA_VERSION}")
    assert schema["title"] == "policydiff result"
    assert set(schema["properties"]) == set(written)


def test_commands_that_read_results_name_the_version(written, tmp_path, capsys):
    file = tmp_path / "result.json"
    file.write_bytes(as_bytes(written | {"schema_version": "2.0"}))
    for command in (["show", file], ["report", file], ["review", file, "--out", tmp_path / "x.xlsx"]):
        assert main([str(part) for part in command]) == 2
        assert "has result schema 2.0" in capsys.readouterr().err
