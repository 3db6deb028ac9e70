"""Gold against predicted: all measures on labelled consultations, and what was missed and wrong."""

from policydiff.evaluation.evaluating import Case, Evaluation, evaluate
from policydiff.evaluation.predictions import Predicted, predict

__all__ = ["Case", "Evaluation", "Predicted", "evaluate", "predict"]
