"""Fitting on labelled consultations: the alignment, and the judge of stances.

Needs scikit-learn, which comes with sentence-transformers; running what was fitted needs numpy alone.
"""

from policydiff.fitting.alignment import fit
from policydiff.fitting.stance import fit_judge

__all__ = ["fit", "fit_judge"]
