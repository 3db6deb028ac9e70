"""Passages that were read lately, so that a form letter and a copied paragraph are read once.

What the tagger reads in a passage depends on its text alone, neither on the response around it nor on what was read
with it, so a passage that comes again needs no reading. What is *found* in a passage does depend on the response
(the mean that similarities are centred on, what is carried from the passage before) and is not kept here.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from policydiff.evidence.tagger import Tagged, Tagger

_BYTES = 64_000_000  # some 5,000 passages of sixty words


class ReadLately:
    """A tagger's readings in one language, of which the last used are kept: at most ``most`` bytes of numbers.

    Safe in threads. Pickled, it begins empty.
    """

    def __init__(self, tagger: Tagger, language: str, *, most: int = _BYTES) -> None:
        self.tagger = tagger
        self.language = language
        self.most = most
        self._held = 0
        self._known: OrderedDict[str, Tagged] = OrderedDict()
        self._lock = Lock()

    def __reduce__(self) -> tuple[Callable[..., "ReadLately"], tuple[Any, ...]]:
        return _begun, (self.tagger, self.language, self.most)

    def read(self, texts: Sequence[str]) -> list[Tagged]:
        """As the tagger's own."""
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
            for text in found:
                self._known.move_to_end(text)
        fresh = [text for text in dict.fromkeys(texts) if text not in found]
        if fresh:
            new = dict(zip(fresh, self.tagger.read(fresh, self.language), strict=True))
            self._keep(new)
            found |= new
        return [found[text] for text in texts]

    def _keep(self, new: dict[str, Tagged]) -> None:
        with self._lock:
            for text, tagged in new.items():
                if text not in self._known:  # another thread may have read it as well
                    self._known[text] = tagged
                    self._held += _size(text, tagged)
            while self._held > self.most:
                self._held -= _size(*self._known.popitem(last=False))


def _begun(tagger: Tagger, language: str, most: int) -> ReadLately:
    return ReadLately(tagger, language, most=most)


def _size(text: str, tagged: Tagged) -> int:
    """About how many bytes a passage takes."""
    arrays = (tagged.vector, tagged.sentences, tagged.numbers, tagged.starts, tagged.ends)
    return 2 * len(text) + 1000 + sum(array.nbytes for array in arrays)  # Python's own part is about 1,000
