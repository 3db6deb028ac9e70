"""The text that the encoder is trained on, read from the folder that ``--corpus`` names.

``europarl.da-en.tsv.xz`` and ``tatoeba.da-en.tsv.xz`` hold a Danish and an English sentence a line,
``wiktionary.da-en.tsv.xz`` a Danish word with its forms (``a|b|c``) and English glosses,
``folketing.da.txt.xz`` the sentences of the Danish parliament's debates in their order.
"""

import itertools
import lzma
import re
from collections.abc import Iterator
from pathlib import Path

Pair = tuple[str, str]  # Danish, English


def lines(corpus: Path, name: str, *, most: int | None = None) -> Iterator[str]:
    """The lines of a file, at most ``most``."""
    with lzma.open(corpus / name, "rt", encoding="utf-8") as handle:
        yield from (line.rstrip("\n") for line in itertools.islice(handle, most))


def sentence_pairs(corpus: Path, *, most: int | None = None) -> list[Pair]:
    """Europarl (at most ``most`` pairs) and Tatoeba, without pairs whose lengths do not match."""
    names = ("europarl.da-en.tsv.xz", "tatoeba.da-en.tsv.xz")
    raw = itertools.chain.from_iterable(lines(corpus, name, most=most) for name in names)
    pairs = (tuple(line.split("\t")[:2]) for line in raw)
    return [(a, b) for a, b in pairs if 0.55 < (len(a) + 10) / (len(b) + 10) < 1.8]


def glosses(corpus: Path) -> list[Pair]:
    """Every form of a Danish word with each of its first three English glosses."""
    found = []
    for line in lines(corpus, "wiktionary.da-en.tsv.xz"):
        forms, meaning = line.split("\t")[:2]
        meanings = [m for m in re.split(r"[;,]", re.sub(r"\([^)]*\)", "", meaning)) if 0 < len(m.split()) <= 3]
        found += [(form, m.strip()) for form in forms.split("|") for m in meanings[:3]]
    return found


def debate(corpus: Path) -> list[str]:
    """The sentences of the debates, in order."""
    return list(lines(corpus, "folketing.da.txt.xz"))
