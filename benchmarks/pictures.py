"""The reliability diagram and the risk-coverage curve of an evaluation, as one SVG."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure


def draw(evaluation: dict[str, Any], file: Path, title: str) -> None:
    """Draw an ``Evaluation`` as dumped to JSON; the same input gives the same bytes."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    reliability, coverage = figure.subplots(1, 2)
    sure, share, number = zip(*evaluation["reliability"], strict=True)
    reliability.plot([0, 1], [0, 1], color="0.7", linestyle="--", linewidth=1)
    reliability.plot(sure, share, marker="o", color="#1f5fa8")
    for x, y, n in zip(sure, share, number, strict=True):
        reliability.annotate(str(n), (x, y), textcoords="offset points", xytext=(6, -10), fontsize=7, color="0.4")
    reliability.set(xlabel="confidence", ylabel="share that is gold (grade 1 or 2)", title="Reliability (n a bin)")
    points, risk = zip(*evaluation["risk_coverage"], strict=True)
    coverage.plot(points, risk, color="#1f5fa8")
    coverage.set(
        xlabel="coverage, surest decisions first", ylabel="share wrong", title="Risk and coverage", ylim=(0, None)
    )
    for axes in (reliability, coverage):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title)
    with mpl.rc_context({"svg.hashsalt": "policydiff", "svg.fonttype": "path"}):
        figure.savefig(file, metadata={"Date": None})
