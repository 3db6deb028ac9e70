"""What a reader of a format gives: the text, and what the format said of its parts."""

from dataclasses import dataclass
from typing import Literal

HintKind = Literal["heading", "bullet", "paragraph", "front"]


@dataclass(frozen=True, slots=True)
class Hint:
    """What the format says of ``text[start:end]``; ``level`` is that of a heading, else 0.

    "front" is what the respondent did not write as an answer: the subject of a mail, a running head.
    """

    start: int
    end: int
    kind: HintKind
    level: int = 0


@dataclass(frozen=True, slots=True)
class Extract:
    """Text with the offsets where its pages start and with hints in order.

    ``warnings`` name what was left unread, ``respondent`` is who the format says sent it (a mail's From).
    """

    text: str
    pages: tuple[int, ...] = (0,)
    hints: tuple[Hint, ...] = ()
    warnings: tuple[str, ...] = ()
    respondent: str = ""


class Writer:
    """Collects paragraphs, a blank line between them, and the hint of each."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.hints: list[Hint] = []

    def add(self, text: str, kind: HintKind, level: int = 0) -> None:
        """Adds a paragraph, unless it is empty."""
        text = text.strip()
        if not text:
            return
        self._part()
        self.hints.append(Hint(self.length, self.length + len(text), kind, level))
        self._append(text)

    def include(self, extract: Extract) -> None:
        """Adds all of another extract, its hints moved along."""
        text = extract.text.rstrip()
        if not text.strip():
            return
        self._part()
        at = self.length
        self.hints += [
            Hint(at + hint.start, at + min(hint.end, len(text)), hint.kind, hint.level)
            for hint in extract.hints
            if hint.start < len(text)
        ]
        self._append(text)

    def extract(self, **more: tuple[str, ...]) -> Extract:
        """What was collected."""
        return Extract("".join(self.parts), hints=tuple(self.hints), **more)  # type: ignore[arg-type]

    def _part(self) -> None:
        if self.parts:
            self._append("\n\n")

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)
