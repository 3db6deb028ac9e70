"""Imports go one way, the public names are what they say, and importing is quick and light."""

import ast
import subprocess
import sys
from pathlib import Path

import policydiff

SOURCE = Path(policydiff.__file__).parent
# A module may import from its own layer and from those before it.
LAYERS = (
    ("models", "errors"),
    ("languages", "settings", "results"),
    ("documents",),
    ("evidence",),
    ("findings",),
    ("judges",),
    ("comparing",),
    ("gold",),
    ("evaluation",),
    ("fitting",),
    ("report", "scale"),
    ("annotate", "review"),
    ("cli",),
    ("__main__",),
)
RANK = {name: n for n, names in enumerate(LAYERS) for name in names}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("policydiff."):
            names.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names |= {a.name.split(".")[1] for a in node.names if a.name.startswith("policydiff.")}
    return names


def test_imports_go_one_way():
    wrong = []
    for path in SOURCE.rglob("*.py"):
        layer = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if layer == "__init__":
            continue
        assert layer in RANK, f"{layer} has no place in the order of layers"
        wrong += [f"{path.name} imports {name}" for name in imported(path) if RANK[name] > RANK[layer]]
    assert wrong == []


def test_all_is_sorted_and_every_name_exists():
    ordered = sorted(policydiff.__all__, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    assert policydiff.__all__ == ordered
    for name in policydiff.__all__:
        assert getattr(policydiff, name) is not None


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_import_is_quick_and_without_torch():
    out = run(
        "import time, sys; t = time.process_time(); import policydiff; print(time.process_time() - t);"
        "print('torch' in sys.modules, 'sentence_transformers' in sys.modules)"
    ).split()
    assert float(out[0]) < 0.3
    assert out[1:] == ["False", "False"]


def test_a_comparison_needs_no_torch():
    out = run(
        "import sys, policydiff; policydiff.Comparer('fixtures/koebenhavn-2023/udkast.md');"
        "print('torch' in sys.modules, 'sentence_transformers' in sys.modules, 'sklearn' in sys.modules)"
    ).split()
    assert out == ["False", "False", "False"]
