"""How reports say that a person decided on a finding."""

from policydiff.models import Correction
from policydiff.report.wording import wording


def decided(correction: Correction, language: str) -> str:
    """Who decided, when and why: "Afgjort af Anna 2026-11-27: kun en overskrift"."""
    who = wording(language)["decided"].format(reviewer=correction.reviewer, date=f"{correction.at:%Y-%m-%d}")
    return f"{who}: {correction.reason}" if correction.reason else who
