"""Agreement, worked by hand: 6 passages x 3 provisions = 18 pairs."""

import json
import shutil
from pathlib import Path

import pytest

from policydiff import InputError
from policydiff.annotate import agreement, init_gold

GOLD = Path(__file__).parent.parent / "fixtures" / "gold" / "natural"
DRAFT = """# Plan for byens parker

## Mål 1: Grønne stier

Der anlægges stier mellem parkerne inden 2027, så alle har højst ti minutter til en park.

## Mål 2: Lys om natten

Stierne belyses hele natten med lamper, der dæmpes, når ingen går forbi.

## Mål 3: Frivillige haver

Foreninger kan leje et stykke af parken til fælles haver.
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "udkast.md").write_text(DRAFT, encoding="utf-8")
    files = [tmp_path / f"svar{number}.txt" for number in range(3)]
    for file in files:
        file.write_text("Vi støtter stierne helt og fuldt.\n\nTak for muligheden for at svare.", encoding="utf-8")
    init_gold(tmp_path / "udkast.md", files, tmp_path / "ud", language="da")
    return tmp_path / "ud"


def ids(folder):
    return [p["id"] for p in json.loads((folder / "provisions.json").read_text(encoding="utf-8"))["provisions"]]


def label(folder, passage, provision, stances, grade=2):
    file = folder / "gold.jsonl"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line["passage"] == passage:
            line["alignments"].append({"provision": provision, "grade": grade, "stances": stances})
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")


@pytest.fixture
def two(folder, tmp_path):
    other = Path(shutil.copytree(folder, tmp_path / "anden"))
    a, b, c = ids(folder)
    label(folder, "r01/1", a, ["endorsed"])
    label(folder, "r02/1", b, ["challenged", "proposal"])
    label(folder, "r02/2", c, ["mentioned"], grade=1)
    label(folder, "r03/1", a, ["endorsed"])
    label(other, "r01/1", a, ["endorsed"])
    label(other, "r02/1", b, ["challenged"], grade=1)
    label(other, "r03/1", c, ["endorsed"])
    return folder, other


def test_agreement_by_hand(two):
    result = agreement(*two)
    assert (result.passages, result.provisions) == (6, 3)
    assert (result.one, result.other, result.both) == (4, 3, 2)
    assert result.f1_relaxed == pytest.approx(2 * 2 / (4 + 3), abs=1e-4)
    # without the pairs that either graded 1: {r01/1 a, r03/1 a} against {r01/1 a, r03/1 c}
    assert result.f1_strict == 0.5
    observed = (2 + 13) / 18  # both have it, neither has it
    chance = (4 * 3 + 14 * 15) / 18**2
    assert result.kappa == pytest.approx((observed - chance) / (1 - chance), abs=1e-4)
    assert result.same_grade == 0.5
    assert result.stances["endorsed"].model_dump() == {"one": 1, "other": 1, "both": 1, "f1": 1.0, "kappa": 1.0}
    assert result.stances["proposal"].model_dump() == {"one": 1, "other": 0, "both": 0, "f1": 0.0, "kappa": 0.0}
    assert result.stances["mentioned"].f1 is None
    assert result.stances["mentioned"].kappa is None
    a, b, c = ids(two[0])
    assert [(d.passage, d.provision, d.what, d.grades) for d in result.disagreements] == [
        ("r02/1", b, ("grade", "stances"), (2, 1)),
        ("r02/2", c, ("pair",), (1, 0)),
        ("r03/1", a, ("pair",), (2, 0)),
        ("r03/1", c, ("pair",), (0, 2)),
    ]


def test_agreement_is_the_same_from_either_side(two):
    one, other = agreement(*two), agreement(*reversed(two))
    assert (one.f1_strict, one.f1_relaxed, one.kappa, one.same_grade) == (
        other.f1_strict,
        other.f1_relaxed,
        other.kappa,
        other.same_grade,
    )


def test_agreement_with_nothing_labelled(folder):
    result = agreement(folder, folder)
    assert (result.f1_strict, result.kappa, result.same_grade, result.disagreements) == (None, None, None, ())


def test_agreement_needs_the_same_passages_and_provisions(two):
    one, other = two
    with pytest.raises(InputError, match="has other provisions than"):
        agreement(one, GOLD / "byrum")
    lines = (other / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    (other / "gold.jsonl").write_text("\n".join(lines[1:]), encoding="utf-8")
    with pytest.raises(InputError, match=r"has other passages than .*1 differ: r01/1"):
        agreement(one, other)


def test_the_order_of_stances_is_no_disagreement(folder, tmp_path):
    other = Path(shutil.copytree(folder, tmp_path / "anden"))
    label(folder, "r01/1", ids(folder)[0], ["endorsed", "proposal"])
    label(other, "r01/1", ids(folder)[0], ["proposal", "endorsed"])
    assert agreement(folder, other).disagreements == ()
