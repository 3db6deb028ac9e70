"""Reviewing uncertain findings by hand: a spreadsheet to decide in, and the decisions back in the result.

::

    policydiff review RESULT.json --out REVIEW.xlsx                      a row a finding, drop-downs to decide with
    (an officer fills in REVIEW.xlsx)
    policydiff apply RESULT.json REVIEW.xlsx --out CORRECTED.json        who decided what, when and why is kept in it
    policydiff apply CORRECTED.json MORE.xlsx --out ... --gold FOLDER    and as labels to fit and to measure with
"""

from policydiff.review.applying import Applied, apply_review, corrected
from policydiff.review.as_gold import write_gold
from policydiff.review.command import configure, run_apply, run_review
from policydiff.review.sheet import write_review

__all__ = [
    "Applied",
    "apply_review",
    "configure",
    "corrected",
    "run_apply",
    "run_review",
    "write_gold",
    "write_review",
]
