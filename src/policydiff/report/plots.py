"""Figures of a comparison: the matrix of provisions and stances, and counts with their intervals.

They can be read without telling colours apart: the matrix is one hue from light to dark with the figures in it, and
each stance has a panel of its own. Drawn with matplotlib's objects, without pyplot and so without global state.
"""

from io import BytesIO
from textwrap import fill
from typing import TYPE_CHECKING, Any, Literal

from policydiff.errors import SettingsError
from policydiff.findings.intervals import intervals
from policydiff.models import STANCES, Comparison, Stance
from policydiff.report.notebook import heading, words_of
from policydiff.report.terminal import shortened
from policydiff.report.wording import wording

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["matrix", "stances"]
KINDS: tuple[Kind, ...] = ("matrix", "stances")

_POSITIONS: tuple[Stance, ...] = ("endorsed", "challenged", "more_explicit", "proposal")  # a mention is none
_BAR = "#0072b2"  # the blue of Okabe and Ito's palette
_WIDTH = 9.0  # inches
_ROW = 0.32  # inches a provision
_NAME = 40  # characters of a provision's name
_TITLE = 16  # characters of a line of a panel's title
_DOTS = 150  # an inch, in a notebook


def plot(comparison: Comparison, kind: Kind = "matrix", *, language: str | None = None, seed: int = 0) -> "Figure":
    """A figure of respondents a provision; ``figure.savefig("matrix.png")`` keeps it.

    ``kind`` is "matrix", a heat map of all stances, or "stances", bars with 95 % bootstrap intervals
    (``policydiff.intervals``, drawn with ``seed``). ``language`` is that of titles and labels: "da" or "en", by
    default the draft's.

    Raises:
        SettingsError: an unknown kind or language, a draft without provisions, or matplotlib is not installed.
    """
    if kind not in KINDS:
        raise SettingsError(f"no figure {kind!r}; choose {' or '.join(KINDS)}")
    if not comparison.policy.provisions:
        raise SettingsError("there are no provisions to draw; see `policydiff provisions DRAFT`")
    words = words_of(comparison.policy) if language is None else wording(language)
    return (_matrix if kind == "matrix" else _stances)(comparison, words, seed)


def _blank(height: float) -> "Figure":
    """An empty figure that a notebook shows by itself."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SettingsError('figures need matplotlib; pip install "policydiff[plot]"') from error

    class Shown(Figure):
        """A figure that shows itself without pyplot, which would keep it until closed."""

        def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
            out = BytesIO()
            self.savefig(out, format="png", dpi=_DOTS)
            wide, high = self.get_size_inches()
            return out.getvalue(), {"width": round(wide * _DOTS / 2), "height": round(high * _DOTS / 2)}

    return Shown(figsize=(_WIDTH, height), layout="constrained", facecolor="white")


def _names(comparison: Comparison) -> list[str]:
    """What the rows are called. A dollar sign would begin a formula in matplotlib."""
    called = [": ".join(filter(None, heading(p))) for p in comparison.policy.provisions]
    return [shortened(name, _NAME).replace("$", r"\$") for name in called]


def _matrix(comparison: Comparison, words: dict[str, Any], _seed: int) -> "Figure":
    import numpy as np

    names = _names(comparison)
    said = {t.provision_id: t.respondents for t in comparison.tallies}
    counts = np.array([[said.get(p.id, {}).get(s, 0) for s in STANCES] for p in comparison.policy.provisions])
    figure = _blank(1.3 + _ROW * len(names))
    axes = figure.add_subplot()
    most = max(int(counts.max()), 1)
    axes.imshow(counts, cmap="Blues", vmin=0, vmax=most, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        dark = count > 0.55 * most
        axes.text(
            column, row, str(count) if count else "·", ha="center", va="center", color="white" if dark else "#1d1c1a"
        )
    axes.set_xticks(range(len(STANCES)), [words["stances"][s] for s in STANCES])
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.spines[:].set_visible(False)
    axes.set_xlabel(words["plots"]["counted"])
    figure.suptitle(words["plots"]["matrix"], x=0.01, ha="left", fontweight="bold")
    return figure


def _stances(comparison: Comparison, words: dict[str, Any], seed: int) -> "Figure":
    names = _names(comparison)
    by_cell = {(i.provision_id, i.key): i for i in intervals(comparison, seed=seed)}
    figure = _blank(1.6 + _ROW * len(names))
    panels = figure.subplots(1, len(_POSITIONS), sharex=True, sharey=True)
    rows = range(len(names))
    for axes, stance in zip(panels, _POSITIONS, strict=True):
        found = [by_cell[p.id, stance] for p in comparison.policy.provisions]
        axes.barh(rows, [i.value for i in found], color=_BAR, height=0.62, alpha=0.55)
        for row, interval in zip(rows, found, strict=True):
            if interval.hi:  # where nobody says it, every draw is nought
                axes.plot([interval.lo, interval.hi], [row, row], color="#1d1c1a", marker="|", markersize=6)
        axes.set_title(
            fill(words["stances"][stance], _TITLE), fontsize="medium", loc="left", verticalalignment="bottom"
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", color="#dddddd")
        axes.set_axisbelow(True)
        axes.xaxis.get_major_locator().set_params(integer=True)
    panels[0].set_xlim(0, 1.05 * max(1.0, *(max(i.value, i.hi) for i in by_cell.values() if i.key in _POSITIONS)))
    panels[0].set_yticks(rows, names)
    panels[0].invert_yaxis()
    figure.supxlabel(f"{words['plots']['counted']}\n{words['plots']['note']}", fontsize="small")
    figure.suptitle(words["plots"]["stances"], x=0.01, ha="left", fontweight="bold")
    return figure
