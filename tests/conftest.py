import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing may download weights, in tests least of all

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="session")
def koebenhavn():
    return ROOT / "fixtures" / "koebenhavn-2023"


@pytest.fixture(scope="session")
def seed_result(koebenhavn):
    from policydiff import compare

    return compare(koebenhavn / "udkast.md", koebenhavn / "hoeringssvar-tingbjerg.txt")
