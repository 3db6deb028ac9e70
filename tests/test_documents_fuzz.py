"""A few broken files each time; ``python tests/fuzz_documents.py`` tries 10,000."""

import random

from fuzz_documents import run


def test_broken_files_give_documents_or_errors_and_none_is_lost(tmp_path):
    seed = random.randrange(1_000_000)  # noqa: S311
    print(f"python tests/fuzz_documents.py --files 250 --seed {seed} --size 100000")
    outcomes = run(250, seed, tmp_path, size=100_000)
    assert outcomes["read"] > 20
    assert outcomes["UnreadableError"] > 20
