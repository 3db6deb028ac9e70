"""Labelling responses by hand: a spreadsheet to fill in, its labels read back, and two annotators compared.

::

    policydiff annotate init DRAFT RESPONSE... --out DIR    draft, provisions, responses, gold.jsonl, annotation.xlsx
    (somebody fills in annotation.xlsx)
    policydiff annotate import DIR                          annotation.xlsx -> gold.jsonl
    policydiff annotate agreement DIR DIR                   two annotators of the same passages
    policydiff evaluate DIR                                 our findings against the labels
"""

from policydiff.annotate.agreeing import Agreement, Disagreement, StanceAgreement, agreement
from policydiff.annotate.command import configure, run
from policydiff.annotate.folders import Started, import_gold, init_gold

__all__ = [
    "Agreement",
    "Disagreement",
    "StanceAgreement",
    "Started",
    "agreement",
    "configure",
    "import_gold",
    "init_gold",
    "run",
]
