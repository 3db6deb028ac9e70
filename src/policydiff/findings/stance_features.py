"""What the judge of stances sees of a pair: words and characters, cues about the provision, the form of the passage.

Clauses that speak of the provision are seen apart from the rest (``targets``). What the passage quotes from the
provision is masked: quoting is no stance.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from policydiff.documents.sentences import split_sentences
from policydiff.evidence.matches import Match
from policydiff.evidence.tagger import Tagged
from policydiff.findings.cues import STRONG, CueMatch, Reading, read
from policydiff.findings.lexicon import WEAK
from policydiff.findings.targets import Addressed, addressed
from policydiff.models import STANCES, Stance

Floats = npt.NDArray[np.float32]
Buckets = npt.NDArray[np.int64]

BUCKETS = 1 << 16
_VERDICTS = ("endorsed", "challenged")
# Runs of at least this many words of the provision are taken to be quotation.
_QUOTED_RUN = 5
# Words longer than this are compared by their beginning when a sentence is matched with a provision.
_STEM = 6
# A share of cues is taken against this much more strength, so that one weak cue alone is not all.
_SOME_CUE = 0.3
# Strength from which a cue is a plain strong one, a turned one included.
_PLAIN = 0.79
# The tagger knows passages of real responses; in one of so many words it is heard half as much as in a long one, where
# words and cues alone say more. _HEARD brings its numbers back to about their size. See training/README.md.
_FEW = 30
_HEARD = 1.6
# From here on "we have no comments" is what the clause says.
_NOTHING_SAID = 0.9
# The fields that hold character n-grams, and what theirs begin with.
_WITH_CHARACTERS = {"w": "c", "F": "F"}
_TEXT_FIELDS = ("w", "f", "F", "l")  # passage, clauses about the provision, their characters, last sentence
# The hashed characters of this many words are kept: most words recur.
_WORDS_KEPT = 1 << 14
# And what is asked again for the next pair: of so many provisions, passages and sentences.
_PROVISIONS_KEPT, _PASSAGES_KEPT = 1024, 512
# A passage of fewer words than this is brief.
_BRIEF = 30
# What is counted of the cues: scopes of the verdicts, those that are turned, and the rules of their own.
_COUNTED = [
    *((scope, stance) for scope in ("concession", "condition", "reported", "turned") for stance in _VERDICTS),
    *(("strong", kind) for kind in ("edit", "request", "verdict", "clear")),
]
_READINGS = 3 * len(STANCES) + 1
_FORMS = 11
TAGGED = slice(-_READINGS, None)  # the columns of ``dense_features`` that come from the tagger
FORM = slice(-_READINGS - _FORMS, -_READINGS)  # and from the form; those before them come from cues
_WORD = re.compile(r"\w+|[?!]")
_LINE_END = re.compile(r"\s")
_LETTERS = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class StancePair:
    """A passage and a provision that it addresses.

    ``focus`` holds spans in ``passage`` of the evidence (reference, quote) of this provision, ``others`` those of
    other provisions; ``section`` is the heading over the passage and ``previous`` the passage before it.
    ``tagged`` is the passage as the tagger read it, where it has been.
    """

    passage: str
    provision_title: str
    provision_text: str
    section: str = ""
    previous: str = ""
    focus: tuple[tuple[int, int], ...] = ()
    others: tuple[tuple[int, int], ...] = ()
    tagged: Tagged | None = None


def focus_spans(matches: Iterable[Match]) -> tuple[tuple[int, int], ...]:
    """The spans of a pair's matches that say where in the passage the provision is meant."""
    return tuple((m.start, m.end) for m in matches if m.start is not None and m.end is not None)


def masked(pair: StancePair) -> str:
    """The passage with what it quotes from the provision blanked out, at unchanged offsets."""
    runs, _ = _theirs(pair.provision_title, pair.provision_text)
    quoted = [n for n, run in enumerate(_runs(pair.passage)) if run in runs]
    out = pair.passage
    spans = [m.span() for m in _WORD.finditer(out)] if quoted else []
    for n in quoted:
        start, end = spans[n][0], spans[n + _QUOTED_RUN - 1][1]
        out = out[:start] + " " * (end - start) + out[end:]
    return out


@lru_cache(maxsize=_PROVISIONS_KEPT)
def _theirs(title: str, text: str) -> tuple[frozenset[tuple[str, ...]], frozenset[str]]:
    """The runs of words of a provision that are too long to be chance, and the beginnings of its words."""
    low = f"{title} {text}".lower()
    return frozenset(_runs(low)), frozenset(word[:_STEM] for word in _LETTERS.findall(low))


@lru_cache(maxsize=_PASSAGES_KEPT)
def _runs(text: str) -> tuple[tuple[str, ...], ...]:
    """All runs of so many words, in lower case."""
    words = [word.lower() for word in _WORD.findall(text)]
    return tuple(zip(*(words[n:] for n in range(_QUOTED_RUN)), strict=False))


def _focus(pair: StancePair, sentences: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The sentences about the provision: those with its evidence, else those that share most words with it."""
    own = [(a, b) for a, b in sentences if _meets(pair.focus, a, b)]
    if own or len(sentences) < 2:
        return own or list(sentences)
    _, wanted = _theirs(pair.provision_title, pair.provision_text)
    shared = [len(wanted & _stems(pair.passage[a:b])) for a, b in sentences]
    most = max(shared)
    return [sentence for sentence, n in zip(sentences, shared, strict=True) if n == most]


@lru_cache(maxsize=_PASSAGES_KEPT)
def _stems(sentence: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _LETTERS.findall(sentence.lower()) if len(word) > 3)


def _meets(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(a < end and start < b for a, b in spans)


def _hash(name: str) -> int:
    return zlib.crc32(name.encode()) % BUCKETS


def hashed(prefix: str, text: str) -> Buckets:
    """The buckets of one of ``text_fields``, sorted: words and pairs of words, with the characters of the whole
    passage ("w"); of "F" the characters alone.
    """
    words = _WORD.findall(text.lower())
    parts = []
    if prefix in _WITH_CHARACTERS:
        parts = [_characters(word, _WITH_CHARACTERS[prefix]) for word in set(words)]
    if prefix != "F":
        # The checksum of a text goes on from that of its beginning: of "wa b" from that of "wa".
        start, encoded = zlib.crc32(prefix.encode()), [word.encode() for word in words]
        ones = [zlib.crc32(word, start) for word in encoded]
        pairs = [zlib.crc32(b" " + b, a) for a, b in zip(ones, encoded[1:], strict=False)]
        parts.append(np.array([*ones, *pairs], dtype=np.int64) % BUCKETS)
    held = np.zeros(BUCKETS, dtype=np.bool_)
    for part in parts:
        held[part] = True
    return np.flatnonzero(held)


def word_buckets(word: str) -> list[Buckets]:
    """The buckets that a word has of its own in each of the fields of ``sparse_features``, the cues excepted."""
    return [hashed(prefix, word) for prefix in _TEXT_FIELDS]


@lru_cache(maxsize=_WORDS_KEPT)
def _characters(word: str, prefix: str) -> Buckets:
    framed = f" {word} "
    grams = {framed[i : i + n] for n in (3, 4, 5) for i in range(len(framed) - n + 1)}
    return np.array([_hash(f"{prefix}{gram}") for gram in sorted(grams)], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class View:
    """What the features of a pair are taken from.

    ``text`` is the masked passage, ``focus`` its sentences about the provision, ``reading`` its clauses and cues,
    ``about`` which of them are about the provision, ``tagged`` the passage as the tagger read it.
    """

    text: str
    sentences: list[tuple[int, int]]
    focus: list[tuple[int, int]]
    reading: Reading
    about: Addressed
    tagged: Tagged | None

    def own_spans(self) -> list[tuple[int, int]]:
        """The clauses about the provision that lie in sentences about it; all of these where no clause does."""
        clauses = self.reading.clauses
        spans = [
            (clauses[n].start, clauses[n].end)
            for n in sorted(self.about.clauses)
            if _meets(self.focus, clauses[n].start, clauses[n].end)
        ]
        return spans or self.focus

    def words(self) -> list[tuple[str, int, int]]:
        """The words of the text in lower case, with their spans."""
        return [(m.group().lower(), m.start(), m.end()) for m in _WORD.finditer(self.text)]

    def own_text(self) -> str:
        """The text of ``own_spans``."""
        return " ".join(self.text[a:b] for a, b in self.own_spans())


def view(pair: StancePair, language: str) -> View:
    """The view of a pair, made once for all its features. Line ends in a passage are no more than spaces."""
    pair = replace(pair, passage=_LINE_END.sub(" ", pair.passage), previous=_LINE_END.sub(" ", pair.previous))
    sentences = split_sentences(pair.passage, language)
    text = masked(pair)
    reading = read(text, language)
    previous = read(pair.previous, language) if reading.alike and pair.previous else None
    about = addressed(reading, pair.focus, pair.others, previous)
    return View(text, sentences, _focus(pair, sentences), reading, about, pair.tagged)


def text_fields(seen: View) -> list[tuple[str, str]]:
    """Prefix and text of the hashed fields of a view: words and characters of the passage, words of the clauses about
    the provision, their characters, and words of the last sentence.
    """
    own = seen.own_text()
    last = seen.text[seen.sentences[-1][0] :] if seen.sentences else ""
    return list(zip(_TEXT_FIELDS, (seen.text, own, own, last), strict=True))


def sparse_features(seen: View) -> list[Buckets]:
    """The hashed fields of a view, sorted indices each: those of ``text_fields``, and the cues."""
    return [*(hashed(*field) for field in text_fields(seen)), hashed_cues(seen)]


def hashed_cues(seen: View) -> Buckets:
    """The cues about the provision with the stance they have in their scope, and which follow on which."""
    tags = [f"{c.stance} {c.kind} {c.scope}" for c in seen.about.own]
    names = {f"q{tag}" for tag in tags} | {f"q{a}, {b}" for a, b in pairwise(["", *tags, ""])}
    names |= {f"q{c.stance}: {' '.join(seen.text[c.start : c.end].lower().split())}" for c in seen.about.own}
    return np.array(sorted({_hash(name) for name in names}), dtype=np.int64)


def cues_say(cues: Sequence[CueMatch]) -> tuple[Stance, ...]:
    """The stances that cues alone amount to, ``mentioned`` where they amount to none."""
    top = dict.fromkeys(STANCES, 0.0)
    for cue in cues:
        top[cue.stance] = max(top[cue.stance], cue.strength)
    said = tuple(s for s in STANCES[:4] if top[s] >= STRONG)
    if not said and top["mentioned"] < _NOTHING_SAID:
        said = tuple(s for s in STANCES[:3] if top[s] >= WEAK)
    return said or ("mentioned",)


def dense_features(seen: View, language: str) -> Floats:
    """Cue sums and maxima about the provision and elsewhere, what the cues amount to, and the form: a vector."""
    last = seen.sentences[-1][0] if seen.sentences else 0
    own, other = seen.about.own, seen.about.other
    near = [c for c in own if _meets(seen.focus, c.start, c.end)]
    far = [c for c in own if not _meets(seen.focus, c.start, c.end)]
    sums = np.array(
        [_sums(near), _sums(far), _sums(other), _tops(own), _tops(near), _sums([c for c in own if c.start >= last])]
    )
    everywhere = sums[0] + sums[1]
    shares = [total / (total.sum() + _SOME_CUE) for total in (everywhere, sums[0])]
    strong = [sums[n] >= _PLAIN for n in (3, 4)]
    said = np.concatenate([_said(own), _said(near)])
    # In a short passage what the cues amount to decides, in a long one it is one hint among many.
    brief = len(_WORD.findall(seen.text)) < _BRIEF
    parts = [np.log1p(sums).ravel(), *(2 * s for s in shares), *(2 * s for s in strong), said, 2 * said * brief]
    return np.concatenate([*parts, _scopes(own), _form(seen, language), _tagged_stances(seen)]).astype(np.float32)


def dense_matrix(views: Sequence[View], language: str) -> Floats:
    """``dense_features`` of each view, a row a pair; judging and fitting both take them from here."""
    return np.stack([dense_features(seen, language) for seen in views])


def _tagged_stances(seen: View) -> Floats:
    """What the tagger makes of the pair, of the clauses about the provision and of the rest; zeros without it."""
    if seen.tagged is None:
        return np.zeros(_READINGS, dtype=np.float32)
    own = seen.own_spans()
    rest = [(c.start, c.end) for c in seen.reading.clauses if not _meets(own, c.start, c.end)]
    tagged = seen.tagged
    found = np.concatenate([tagged.stances(own), tagged.shown(own), tagged.shown(rest), [tagged.addressed()]])
    words = len(_WORD.findall(seen.text))
    return np.asarray(found * _HEARD * words / (words + _FEW), dtype=np.float32)


def _sums(cues: Iterable[CueMatch]) -> Floats:
    out = np.zeros(len(STANCES), dtype=np.float32)
    for cue in cues:
        out[STANCES.index(cue.stance)] += cue.strength
    return out


def _tops(cues: Iterable[CueMatch]) -> Floats:
    out = np.zeros(len(STANCES), dtype=np.float32)
    for cue in cues:
        column = STANCES.index(cue.stance)
        out[column] = max(out[column], cue.strength)
    return out


def _said(cues: Sequence[CueMatch]) -> Floats:
    said = cues_say(cues)
    return np.array([s in said for s in STANCES], dtype=np.float32)


def _scopes(cues: Sequence[CueMatch]) -> Floats:
    """How many endorsing and challenging cues stand under each scope, are turned, or come from a rule of their own."""
    counted: Counter[tuple[str, str]] = Counter()
    for cue in cues:
        counted[cue.scope, cue.stance] += 1
        counted["turned", cue.stance] += cue.negated
        counted["strong", cue.kind] += cue.strength >= STRONG
    return np.minimum(np.array([counted[what] for what in _COUNTED], dtype=np.float32), 2)


def _form(seen: View, language: str) -> Floats:
    text = seen.text
    words = len(_WORD.findall(text))
    form = (
        min(text.count("?"), 3),
        text.count("!") > 0,
        min(seen.reading.ironic, 2),
        min(seen.reading.first_person, 4),
        np.log1p(words) / 2,
        len(seen.sentences) == 1,
        words < 12,
        text.rstrip().endswith(":"),
        len(seen.focus) / max(len(seen.sentences), 1),
        len(seen.about.clauses) / max(len(seen.reading.clauses), 1),
        language == "en",
    )
    return np.array(form, dtype=np.float32)
