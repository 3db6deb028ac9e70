"""Which words of a passage are quoted for a stance: whole sentences, so that a clause keeps its meaning."""

from bisect import bisect_left
from dataclasses import dataclass

from policydiff import languages
from policydiff.documents import normalise
from policydiff.documents.sentences import split_sentences
from policydiff.models import Finding, Passage, Stance

SHORT = 320  # characters; a passage up to this is quoted whole
LONGEST = 1_500  # characters of a quotation; longer ones are cut at a word
OMITTED = "[…]"

# Bidirectional overrides could show the words in another order than they were written in.
NOT_SHOWN = dict.fromkeys(
    (*range(9), *range(11, 13), *range(14, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "�"
) | dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "�")


def plain(text: str) -> str:
    """``text`` on one line, without line-end hyphens and what no Word document can hold."""
    return normalise(text).text.translate(NOT_SHOWN)


@dataclass(frozen=True, slots=True)
class Quoted:
    """Some words of a passage: spans of its ``plain`` text, in order."""

    passage: Passage
    spans: tuple[tuple[int, int], ...]

    @property
    def text(self) -> str:
        """The words as they are shown; what is left out is marked."""
        words = normalise(self.passage.text).text
        before = f"{OMITTED} " if self.spans[0][0] > 0 else ""
        after = f" {OMITTED}" if self.spans[-1][1] < len(words) else ""
        middle = f" {OMITTED} ".join(words[start:end] for start, end in self.spans)
        return (before + cut(middle, LONGEST) + after).translate(NOT_SHOWN)


def whole(passage: Passage) -> Quoted:
    """All of a passage."""
    return Quoted(passage, ((0, len(normalise(passage.text).text)),))


def quoted(finding: Finding, passage: Passage, stance: Stance, language: str) -> Quoted:
    """What of the passage to quote for a stance.

    The whole passage where it is short; else the sentences that hold the clauses of the stance, or where none is
    marked, of the other stances, or the words of the evidence; else the whole.
    """
    mapped = normalise(passage.text)  # sentences go on over the line ends of a layout
    if len(mapped.text) <= SHORT or language not in languages.available():
        return whole(passage)
    marked = (
        [(c.start, c.end) for c in finding.cues if c.stance == stance]
        or [(c.start, c.end) for c in finding.cues]
        or [(e.start, e.end) for e in finding.evidence if e.start is not None and e.end is not None]
    )
    inside = [
        (bisect_left(mapped.starts, start - passage.start), bisect_left(mapped.starts, end - passage.start))
        for start, end in marked
        if passage.start <= start < end <= passage.end
    ]
    spans: list[tuple[int, int]] = []
    after_wanted = False
    for start, end in split_sentences(mapped.text, language):
        wanted = any(first < end and start < last for first, last in inside)
        if wanted and after_wanted:
            spans[-1] = (spans[-1][0], end)
        elif wanted:
            spans.append((start, end))
        after_wanted = wanted
    return Quoted(passage, tuple(spans)) if spans else whole(passage)


def cut(text: str, length: int) -> str:
    """``text``, ended at a word with a mark where it is longer than ``length`` characters."""
    if len(text) <= length:
        return text
    return text[:length].rsplit(" ", 1)[0] + f" {OMITTED}"
