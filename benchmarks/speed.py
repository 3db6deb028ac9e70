"""Speed beside what a user would do instead, in one run: CPU-seconds per 1,000 passages.

Quotes: a loop of rapidfuzz's partial_ratio_alignment over all pairs, on a sample. Meaning: MiniLM through
sentence-transformers and scikit-learn's TF-IDF. The limit: tokenizing the same text once. Then a folder of 2,000 files
in all formats (see ``folders``): CPU-seconds per 1,000 responses of each, and peak memory.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from benchmarks import folders
from benchmarks.baselines import BASELINES, minilm
from policydiff.comparing import Comparer
from policydiff.evidence.embeddings import load_encoder
from policydiff.evidence.model_files import SHIPPED
from policydiff.gold import gold_folders, read_gold

_SAMPLE = 100  # passages for the slow baselines


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--gold", type=Path, default=Path("fixtures/gold"))


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def run(options: argparse.Namespace) -> dict[str, Any]:
    """CPU-seconds per 1,000 passages a stage, ours and the others'; per 1,000 responses a format."""
    sets = [read_gold(f) for f in gold_folders([options.gold / "natural"])]
    comparers = [Comparer(s.policy) for s in sets]
    gatherers = [c._gatherer for c in comparers]
    texts = [[p.text for p in s.passages] for s in sets]
    count = sum(map(len, texts))
    comparers[0].compare_one(next(iter(sets[0].documents.values())))  # loads the tables

    def each(stage: Callable[[int], object]) -> float:
        return _cpu(lambda: [stage(i) for i in range(len(sets))]) * 1000 / count

    sample, policy = texts[0][:_SAMPLE], sets[0].policy
    bodies = [p.text for p in policy.provisions]
    ngrams = BASELINES["TF-IDF character n-grams"]
    tokenizer = comparers[0].encoder.files.tokenizer
    rows = [
        ("read, segment and compare", each(lambda i: comparers[i].compare(sets[i].documents.values()))),
        ("quotes", each(lambda i: [gatherers[i].quotes.find(t) for t in texts[i]])),
        ("references", each(lambda i: gatherers[i].references.find(texts[i], [""] * len(texts[i])))),
        ("lexical", each(lambda i: gatherers[i].lexical.scores(texts[i]))),
        ("limit: tokenize once", each(lambda i: tokenizer.encode_batch(texts[i], add_special_tokens=False))),
        *((f"{name} encoder", each(lambda i, name=name: load_encoder(name).encode(texts[i]))) for name in SHIPPED),
        (
            "scikit-learn TF-IDF character n-grams",
            each(lambda i: ngrams(texts[i], bodies)),
        ),
        (
            "rapidfuzz partial_ratio_alignment, all pairs",
            _cpu(lambda: [fuzz.partial_ratio_alignment(p, b) for p in sample for b in bodies]) * 1000 / len(sample),
        ),
    ]
    model = minilm()
    if model is not None:
        model.encode(sample[:2])
        rows.append(("all-MiniLM-L6-v2 encode", _cpu(lambda: model.encode(sample)) * 1000 / len(sample)))
    ours = rows[0][1]
    return {
        "benchmark": "speed",
        "passages": count,
        "rows": [
            {"system": name, "cpu_s_per_1000": round(seconds, 3), "ratio": round(seconds / ours, 2)}
            for name, seconds in rows
        ]
        + folders.rows(options.gold),
    }
