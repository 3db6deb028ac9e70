"""Where the time of a comparison goes: a stopwatch around each stage while the whole runs as it always does.

A stage within another counts once, as its own. What no stage covers (the ledger, the records) is the rest.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

from policydiff import comparing
from policydiff.comparing import Comparer
from policydiff.evidence import gathering
from policydiff.evidence.embeddings import SimilarityMatcher
from policydiff.evidence.lexical import LexicalMatcher
from policydiff.evidence.quotes import QuoteMatcher
from policydiff.evidence.references import ReferenceMatcher
from policydiff.evidence.tagger import Tagger
from policydiff.findings import align
from policydiff.findings.align import AlignmentModel
from policydiff.models import Comparison

# The functions that are the stages, in order: what holds them, and their names there.
STAGES: dict[str, tuple[tuple[Any, str], ...]] = {
    "template labels": ((comparing, "recurring_headings"),),
    "read and segment": ((comparing, "read_given"), (comparing, "parse_response")),
    "references": ((ReferenceMatcher, "find"),),
    "quotes": ((QuoteMatcher, "find_all"),),
    "lexical": ((LexicalMatcher, "scores"),),
    "encoder, and tagger with small": ((Tagger, "read"), (gathering, "read_sentences")),
    "cosines": ((SimilarityMatcher, "scores"),),
    "alignment: features": ((align, "pair_features"),),
    "alignment: trees": ((AlignmentModel, "probability"),),
    "judge": ((comparing, "_ask"),),
    "counting": ((comparing, "counted"),),
}
REST = "ledger and records"


class Stopwatch:
    """CPU-seconds a stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._within: list[float] = []  # of each stage that is open, what stages within it took

    def around(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """``call``, its time counted as the stage's."""

        @wraps(call)
        def timed(*arguments: Any, **options: Any) -> Any:
            self._within.append(0.0)
            started = time.process_time()
            try:
                return call(*arguments, **options)
            finally:
                took = time.process_time() - started
                self.seconds[stage] += took - self._within.pop()
                if self._within:
                    self._within[-1] += took

        return timed

    @contextmanager
    def running(self) -> Iterator[None]:
        """All stages are timed meanwhile."""
        with ExitStack() as stack:
            for stage, places in STAGES.items():
                for place, name in places:
                    stack.enter_context(patch.object(place, name, self.around(stage, getattr(place, name))))
            yield


@dataclass(frozen=True, slots=True)
class Timed:
    """A comparison, the CPU-seconds of each stage and the rest, and of the whole."""

    comparison: Comparison
    stages: dict[str, float]
    seconds: float

    @property
    def passages(self) -> int:
        """As they were found."""
        return len(self.comparison.passages)


def timed_comparison(comparer: Comparer, sources: Sequence[Path]) -> Timed:
    """Compares ``sources``; models are loaded beforehand."""
    comparer.compare_one(sources[0])
    watch = Stopwatch()
    with watch.running():
        started = time.process_time()
        comparison = comparer.compare(list(sources))
        seconds = time.process_time() - started
    stages = {stage: watch.seconds[stage] for stage in STAGES}
    stages[REST] = seconds - sum(stages.values())
    return Timed(comparison, stages, seconds)
