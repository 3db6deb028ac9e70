"""The app in docs/api.md, as it stands there, behind its own HTTP server."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from policydiff import Comparer, Comparison, document_from_bytes, document_from_text

ROOT = Path(__file__).parent.parent
DRAFT = ROOT / "fixtures" / "koebenhavn-2023" / "udkast.md"
RESPONSES = sorted((ROOT / "fixtures" / "gold" / "hard" / "integration" / "responses").glob("*.txt"))[:3]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1)
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(code, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DRAFT": str(DRAFT),
        "PYTHONPATH": str(Path(sys.modules["policydiff"].__file__).parents[1]),
    }
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "warning"]
    with subprocess.Popen(command, cwd=folder, env=environment) as process:
        try:
            for _ in range(600):
                if process.poll() is not None:
                    raise RuntimeError(f"the server ended with status {process.returncode}")
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def post(url, data, kind):
    request = urllib.request.Request(url, data, {"Content-Type": kind})  # noqa: S310 (a server of ours)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def upload(server, name, data):
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return post(f"{server}/file", head + data + b"\r\n--x--\r\n", "multipart/form-data; boundary=x")


def test_concurrent_uploads_give_what_one_by_one_gives(server):
    comparer = Comparer(DRAFT)
    files = [(f.name, f.read_bytes()) for f in RESPONSES]
    expected = [comparer.collect([comparer.compare_one(document_from_bytes(*file))]) for file in files]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda file: upload(server, *file), files * 2))
    assert {status for status, _ in answers} == {200}
    assert [Comparison.model_validate_json(body) for _, body in answers] == expected * 2
    assert any(f.accepted for comparison in expected for f in comparison.findings)


def test_a_text_is_compared(server):
    text = "Vi støtter princip E."
    status, body = post(f"{server}/text", json.dumps({"text": text}).encode(), "application/json")
    comparer = Comparer(DRAFT)
    assert status == 200
    result = Comparison.model_validate_json(body)
    assert result == comparer.collect([comparer.compare_one(document_from_text(text))])
    assert [(f.provision_id, f.labels) for f in result.findings if f.accepted] == [("princip-e", ("endorsed",))]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("svar.pdf", b"no pdf at all", "svar.pdf: "),
        ("svar.txt", b"  ", "there is no text|the file is empty"),
        ("svar.xyz", b"text", "cannot read '.xyz'"),
        ("svar.zip", b"PK", "a .zip holds many responses"),
        ("../../svar.png", b"x", "svar.png: is a picture"),
    ],
)
def test_an_upload_that_cannot_be_read_is_a_422_that_says_why(server, name, data, message):
    status, body = upload(server, name, data)
    assert status == 422
    assert re.search(message, json.loads(body)["detail"])


def test_wrong_requests_are_422(server):
    assert post(f"{server}/text", b'{"text": "  "}', "application/json")[0] == 422
    assert post(f"{server}/text", b"{}", "application/json")[0] == 422
    assert post(f"{server}/file", b"x", "application/octet-stream")[0] == 422


def test_the_app_describes_its_answers_by_the_schema_of_a_result(server):
    with urllib.request.urlopen(f"{server}/openapi.json", timeout=60) as answer:  # noqa: S310
        described = json.loads(answer.read())["components"]["schemas"]["Comparison"]
    assert set(described["properties"]) == set(Comparison.model_fields)
