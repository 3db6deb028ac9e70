"""The labels of a hearing's template, known by their recurrence: the same short line over different answers.

A label stands in many responses, and what follows it differs from one to the other. In a campaign the lines recur
too, but with the same lines after them; those stay passages.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from policydiff.documents.headings import may_be_label
from policydiff.documents.inputs import ResponseInputs, Source
from policydiff.documents.layout import bullet_marker
from policydiff.documents.lines import lines_of, one_line
from policydiff.documents.passages import Block, parse_response
from policydiff.documents.reading import Document
from policydiff.settings import DocumentSettings

# Of the answers under one label, this share must differ; some will always write "Ingen bemærkninger".
_DIFFERENT = 0.5
_COMPARED = 60  # characters of an answer that are compared
_MOST = 200  # labels; more is no template


def recurring_headings(sources: Iterable[Source], settings: DocumentSettings) -> re.Pattern[str] | None:
    """What matches the labels that recur in the first responses of ``sources``, None where there are none.

    ``sources`` are read twice by who asks, so an iterator, which can be read once, gives None. Only the lines that
    may be labels are held, and those of ``recurrence.sample`` responses at most.
    """
    wanted = settings.recurrence
    if not wanted.sample or not isinstance(sources, Sequence):
        return None
    inputs = ResponseInputs(sources, settings)
    if inputs.total is not None and inputs.total < wanted.files:
        return None
    read = islice((one for one in inputs if isinstance(one, Document)), wanted.sample)
    answers: dict[str, list[str]] = defaultdict(list)
    count = 0
    for document in read:
        count += 1
        response, blocks = parse_response(document, response_id="", language=settings.language)
        for label, answer in _labelled(blocks, response.language).items():
            answers[label].append(answer)
    enough = max(wanted.files, wanted.share * count)
    often = {label: found for label, found in answers.items() if len(found) >= enough}
    labels = [label for label, found in often.items() if _differ(found, often)]
    if not labels or len(labels) > _MOST:
        return None
    words = "|".join(r"\s+".join(map(re.escape, label.split())) for label in sorted(labels, key=len, reverse=True))
    # Nothing else may stand on the line: many a sentence begins like a label.
    return re.compile(rf"(?:{words})(?=[ \t]*:?[ \t]*(?:[\r\n\f]|\Z))", re.IGNORECASE)


def _labelled(blocks: Sequence[Block], language: str) -> dict[str, str]:
    """The lines of a response that may be labels, each with the beginning of what follows it, in lower case."""
    found: dict[str, str] = {}
    for n, block in enumerate(blocks):
        if block.kind == "front":
            continue
        after = blocks[n + 1].text if n + 1 < len(blocks) else ""
        for words, answer in _beginnings(block, after):
            label = one_line(words).rstrip(": ").casefold()
            if label not in found and may_be_label(one_line(words), language):
                found[label] = one_line(answer[: 2 * _COMPARED])[:_COMPARED].rstrip(": ").casefold()
    return found


def _beginnings(block: Block, after: str) -> Iterator[tuple[str, str]]:
    """All of a block, and its first line where it has more, with what follows; only numbered items of lists."""
    first, *more = lines_of(block.text)
    if bullet_marker(first) and not first.text.lstrip("(")[:1].isalnum():
        return
    yield block.text, after
    if more and block.kind != "heading":
        yield first.text, block.text[more[0].start :]


def _differ(answers: Sequence[str], labels: dict[str, list[str]]) -> bool:
    """Whether what follows a line in several responses differs; where a label was left open, the next follows."""
    filled = [answer for answer in answers if answer and answer not in labels]
    return len(set(filled)) >= max(2, _DIFFERENT * len(filled))
