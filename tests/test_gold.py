import json
import shutil
from pathlib import Path

import pytest

from policydiff import UnreadableError
from policydiff.gold import gold_folders, read_gold

GOLD = Path(__file__).parent.parent / "fixtures" / "gold"
FOLDERS = sorted(f.parent for f in GOLD.glob("*/*/gold.jsonl"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f"{f.parent.name}/{f.name}")
def test_all_provisions_are_found_and_all_spans_are_exact(folder):
    gold = read_gold(folder)
    assert gold.missed == ()
    for passage in gold.passages:
        assert gold.documents[passage.response].text[passage.start : passage.end] == passage.text
    for provision in gold.policy.provisions:
        assert gold.policy.text[provision.start : provision.end] == provision.text


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(GOLD / "natural" / "byrum", tmp_path / "byrum"))


def change(folder, line, **values):
    file = folder / "gold.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | values)
    file.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"start": "x"}, r"line 3: start: "),
        ({"text": "andet"}, r"line 3: text: is not what stands at"),
        ({"response": "r99"}, r"line 3: response: there is no 'r99'"),
        (
            {"alignments": [{"provision": "Q", "grade": 2, "stances": ["endorsed"]}]},
            r"line 3: alignments.provision: 'Q'",
        ),
        ({"alignments": [{"provision": "A", "grade": 3, "stances": ["endorsed"]}]}, r"line 3: alignments\.0\.grade"),
        ({"alignments": [{"provision": "A", "grade": 2, "stances": []}]}, r"line 3: alignments\.0\.stances"),
        (
            {"alignments": [{"provision": "A", "grade": 2, "stances": ["mentioned", "endorsed"]}]},
            r"line 3: alignments.stances: 'mentioned' stands alone",
        ),
        (
            {"alignments": [{"provision": "A", "grade": 2, "stances": ["endorsed"], "evidence": [0, 1]}]},
            r"line 3: alignments.evidence",
        ),
        ({"unheard": 1}, r"line 3: unheard"),
    ],
)
def test_a_wrong_label_names_file_line_and_field(copy, values, message):
    change(copy, 3, **values)
    with pytest.raises(UnreadableError, match=r"gold\.jsonl, " + message):
        read_gold(copy)


def test_a_folder_without_gold_is_an_error(tmp_path):
    with pytest.raises(UnreadableError, match=r"holds no gold\.jsonl"):
        gold_folders([tmp_path])
