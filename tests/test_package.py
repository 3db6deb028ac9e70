"""The built wheel works in a clean environment: data files, dependencies, the command."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import policydiff

ROOT = Path(__file__).parent.parent


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, **options).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    return folder / "env" / "bin"


def test_the_installed_command_compares(installed, tmp_path, koebenhavn):
    assert run(installed / "policydiff", "--version", cwd=tmp_path) == f"policydiff {policydiff.__version__}\n"
    out = tmp_path / "result.json"
    draft, response = koebenhavn / "udkast.md", koebenhavn / "hoeringssvar-tingbjerg.txt"
    run(installed / "policydiff", "compare", draft, response, "--json", out, cwd=tmp_path)
    result = json.loads(out.read_text(encoding="utf-8"))
    assert len(result["tallies"]) == 10
    assert any(f["accepted"] for f in result["findings"])


def test_the_installed_package_is_typed_and_carries_its_licence(installed, tmp_path):
    code = "import importlib.metadata as m; print(*(str(f) for f in m.files('policydiff')), sep='\\n')"
    names = run(installed / "python", "-c", code, cwd=tmp_path).splitlines()
    assert "policydiff/py.typed" in names
    assert any(n.endswith("LICENSE") for n in names)
    assert not any("/tests/" in n or n.startswith(("tests", "fixtures", "training")) for n in names)
