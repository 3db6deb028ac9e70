"""An evaluation on a terminal: tables of measures, and the cases that were missed or wrong."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from policydiff.evaluation import Evaluation
from policydiff.report.terminal import shortened

_TEXT_WIDTH = 100  # characters of a passage in a case
_MOST_SETS = 5  # sets that have a column of their own in 80 characters


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _table(first: str, columns: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first)
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    return table


def evaluation_tables(evaluation: Evaluation, *, cases: int = 0) -> Group:
    """Measures with their mean and interval, a stance, a phenomenon, and the first ``cases`` cases.

    Up to five sets have a column of their own; of more, the JSON has them.
    """
    shown = list(evaluation.sets) if len(evaluation.sets) <= _MOST_SETS else []
    sets = _table("measure", [*shown, "mean", "95 %"])
    for name, mean in evaluation.mean.items():
        bounds = evaluation.intervals.get(name)
        interval = f"{bounds[0]:.2f}-{bounds[1]:.2f}" if bounds else ""
        values = [evaluation.sets[s][name] for s in shown]
        sets.add_row(name.replace("_", " "), *map(_number, values), _number(mean), interval)
    stances = _table("F1 a stance", ["found", "given"])
    for stance, row in evaluation.stances.items():
        stances.add_row(stance.replace("_", " "), _number(row["found"]), _number(row["given"]))
    phenomena = _table("phenomenon", ["recall", "false_alarms", "passages"])
    for name, row in evaluation.phenomena.items():
        phenomena.add_row(name, _number(row["recall"]), _number(row["false_alarms"]), f"{row['passages']:.0f}")
    parts: list[RenderableType] = [sets, "", stances, "", phenomena]
    for case in evaluation.cases[:cases]:
        head = f"{case.what}: {case.set} {case.passage} {case.provision} (grade {case.grade}, {case.confidence:.2f})"
        stance = f"gold {', '.join(case.gold) or '-'}; predicted {', '.join(case.predicted) or '-'}"
        parts += ["", Text(head, style="bold"), Text(stance), Text(shortened(case.text, _TEXT_WIDTH), style="dim")]
    return Group(*parts)
