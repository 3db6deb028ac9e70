"""Fitting on labelled consultations: the alignment, and the judge of stances.

Needs scikit-learn, which comes with sentence-transformers; running what was fitted needs numpy alone.
"""

from policydiff.fitting.adapting import fit_judge
from policydiff.fitting.alignment import fit

__all__ = ["fit", "fit_judge"]
