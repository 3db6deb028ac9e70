"""Judges by name, and on the command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests import chat_server as chat

from policydiff import LanguageModelJudge, NliJudge, RequestSettings, SettingsError, Usage, load_judge
from policydiff.cli import main
from policydiff.judges.answers import find_quote
from policydiff.judges.requests import usage_line

DRAFT = "fixtures/koebenhavn-2023/udkast.md"
RESPONSE = "fixtures/koebenhavn-2023/hoeringssvar-tingbjerg.txt"


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    server = chat.ChatServer()
    yield server
    server.close()


def test_judges_are_loaded_by_name(server):
    assert load_judge("embedded") is None
    assert isinstance(load_judge("nli:some/model"), NliJudge)
    judge = load_judge("llm:gemma3:27b", endpoint=server.url)
    assert isinstance(judge, LanguageModelJudge)
    assert judge.endpoint.model == "gemma3:27b"
    assert server.calls == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.0.0.1:1/", "http://127.0.0.1:1/v1/chat/completions"])
def test_an_endpoint_may_be_given_in_full_or_short(url):
    assert LanguageModelJudge("m", url).endpoint.url == "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "gpt"}, "no judge 'gpt'"),
        ({"name": "nli:"}, "no judge 'nli:'"),
        ({"name": "llm:gpt"}, "--endpoint URL"),
        ({"name": "llm:gpt", "endpoint": "localhost"}, "no http"),
        ({"name": "embedded", "endpoint": "http://localhost/v1"}, "belong to a judge"),
        ({"name": "embedded", "estimate": True}, "belong to a judge"),
    ],
)
def test_a_judge_that_cannot_be_says_what_to_give(arguments, said):
    with pytest.raises(SettingsError, match=said):
        load_judge(**arguments)


def test_a_comparison_imports_no_http_client_and_no_model():
    code = (
        "import sys; import policydiff.cli, policydiff.comparing; from policydiff.judges import load_judge;"
        "load_judge('embedded'); load_judge('nli:x');"
        "sys.exit(any(m in sys.modules for m in ('httpx2', 'stamina', 'torch', 'policydiff.judges.llm')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL).returncode == 0


def test_a_missing_extra_names_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "stamina", None)
    with pytest.raises(SettingsError, match=r'pip install "policydiff\[llm\]"'):
        LanguageModelJudge("m", "http://localhost/v1")


def test_a_language_model_on_the_command_line(server, tmp_path, capsys):
    file = tmp_path / "result.json"
    (tmp_path / "svar.txt").write_text("Vi støtter princip E.\n\nPrincip C bør være tydeligere.\n")
    command = ["compare", DRAFT, str(tmp_path / "svar.txt"), "--encoder", "static", "--judge", "llm:tiny"]
    command += ["--endpoint", server.url]
    assert main([*command, "--estimate"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "nothing was sent" in err
    assert server.calls == []
    server.behave = lambda h, c, n: (chat.status(429, retry_after="0") if n == 1 else chat.well)(h, c, n)
    assert main([*command, "--json", str(file)]) == 0
    first, last = capsys.readouterr().err.splitlines()
    assert server.url in first
    assert "0 cached, 0 fell back" in last
    assert f"{100 * (len(server.calls) - 1)} tokens in" in last
    models = json.loads(file.read_text(encoding="utf-8"))["provenance"]["models"]
    assert models["judge"].startswith("llm:tiny@127.0.0.1:")
    asked = len(server.calls)
    assert main([*command, "--json", str(file)]) == 0
    assert "answered in 0 requests" in capsys.readouterr().err
    assert len(server.calls) == asked


@pytest.mark.parametrize("more", [["llm:tiny"], ["gpt"], ["llm:x", "--endpoint", "http://127.0.0.1:9"]])
def test_a_judge_that_cannot_work_is_status_2_and_one_line(more, capsys):
    assert main(["compare", DRAFT, RESPONSE, "--encoder", "static", "--judge", *more, "--json", "-"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].startswith("policydiff: ")
    assert "Traceback" not in err


def test_the_code_in_the_documentation_runs(tmp_path, capsys):
    blocks = re.findall(r"```python\n(.*?)```", Path("docs/judges.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        if "sqlite" in block:
            block = block.replace("answers.sqlite", str(tmp_path / "answers.sqlite"))
        exec(block, {})  # noqa: S102 our own
    assert "asked=1" in capsys.readouterr().out


def test_the_documentation_shows_the_lines_and_limits_that_there_are():
    page = " ".join(Path("docs/judges.md").read_text(encoding="utf-8").split())
    usage = Usage(pairs=57, answered=50, cached=5, fell_back=2, requests=8, tokens_in=21000, tokens_out=2100)
    assert usage_line(usage) in page
    limits = RequestSettings()
    assert (limits.attempts, limits.longest_wait, limits.timeout, limits.failures, limits.rest) == (4, 60, 300, 3, 60)


@pytest.mark.parametrize(
    ("passage", "quote", "found"),
    [
        ("Vi støtter forslaget fuldt ud.", "støtter forslaget", "støtter forslaget"),
        ("Vi støtter\n  forslaget.", "støtter forslaget", "støtter\n  forslaget"),
        ("integra-\ntion er vigtig", "integration er", "integra-\ntion er"),
        ("en ”gensidig proces” – ja", '"gensidig proces" - ja', "”gensidig proces” – ja"),
        ("Vi støtter det.", " støtter det.\n", "støtter det."),
        ("Vi understøtter det.", "støtter", None),
        ("Vi støtter det.", "vi støtter", None),
        ("Vi støtter ikke det.", "Vi støtter det", None),
        ("Vi støtter det.", "Vi støtter ... det", None),
        ("a.b", "a+b", None),
        ("Ja.", "", None),
        ("Ja …", "…", None),
        ("", "x", None),
    ],
)
def test_a_quotation_is_found_word_by_word_or_not_at_all(passage, quote, found):
    span = find_quote(passage, quote)
    assert (None if span is None else passage[slice(*span)]) == found
