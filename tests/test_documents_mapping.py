from hypothesis import given
from hypothesis import strategies as st

from policydiff.documents import normalise
from policydiff.documents.mapping import _undone

NOISE = st.sampled_from(
    ["-\n", "- \n", "\u00ad", "\ufffe\r\n", "ﬁ", "  ", "\n\n", "\f", "å", "og", "a", "İ", "\u200b", "‐\n"]
)
TEXTS = st.text(max_size=120) | st.lists(NOISE | st.text(max_size=3), max_size=40).map("".join)
DROPPED = set("-‐\u00ad\ufffe\u200b\ufeff")


@given(TEXTS)
def test_origins_are_in_order_and_within_the_text(text):
    mapped = normalise(text)
    assert all(0 <= s < e <= len(text) for s, e in zip(mapped.starts, mapped.ends, strict=True))
    assert list(mapped.starts) == sorted(mapped.starts)
    assert list(mapped.ends) == sorted(mapped.ends)


@given(TEXTS)
def test_every_written_character_is_covered(text):
    mapped = normalise(text)
    covered = {i for s, e in zip(mapped.starts, mapped.ends, strict=True) for i in range(s, e)}
    assert all(i in covered for i, c in enumerate(text) if not c.isspace() and c not in DROPPED)


@given(TEXTS)
def test_white_space_is_single_and_never_outside(text):
    clean = normalise(text).text
    assert clean == " ".join(clean.split())


@given(st.lists(st.text("abcæøå.,(E)", min_size=1, max_size=8), min_size=1).map(" ".join))
def test_clean_text_stays_as_it_is(text):
    mapped = normalise(text)
    assert mapped.text == text
    assert mapped.origin(0, len(text)) == (0, len(text))


@given(TEXTS)
def test_lower_case_keeps_the_map(text):
    mapped = normalise(text)
    low = mapped.lowered()
    assert low.text == "".join(c.lower() for c in mapped.text) or low.text == mapped.text.lower()
    assert set(low.starts) == set(mapped.starts)


@given(TEXTS | st.lists(st.text("aå. ", min_size=1, max_size=4)).map(" ".join))
def test_text_with_nothing_to_undo_is_only_told_sooner(text):
    quick, slow = normalise(text), _undone(text)
    assert (quick.text, list(quick.starts), list(quick.ends)) == (slow.text, list(slow.starts), list(slow.ends))


def test_hyphens_of_line_ends_are_undone_and_others_kept():
    assert normalise("integra-\n\ntion").text == "integration"
    assert normalise("integrations-\n\nog medborgerskab").text == "integrations- og medborgerskab"
    assert normalise("kultur\ufffe\r\npolitik").text == "kulturpolitik"
    assert normalise("børne- og ungeområdet").text == "børne- og ungeområdet"


def test_a_found_span_comes_back_exactly():
    text = "Vi støtter   den gen-\nsidige\nproces."
    mapped = normalise(text)
    at = mapped.text.index("gensidige proces")
    start, end = mapped.origin(at, at + len("gensidige proces"))
    assert text[start:end] == "gen-\nsidige\nproces"
