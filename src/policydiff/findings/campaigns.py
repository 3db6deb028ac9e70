"""Campaigns: responses that are near-copies of one text, what each of them added, and passages copied on their own.

They are pointed out and never merged: every response keeps its passages, its findings and its respondent. What the
draft itself says is left out when texts are compared, so that two who quote it at length are no campaign.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from policydiff.findings.near_copies import FEWEST, near_copies
from policydiff.findings.shared_triples import overlap, shared
from policydiff.findings.triples import Indices, Triples, triples
from policydiff.models import Campaign, CopiedPassage, Disposition, Passage, Policy, Response

# The common text of a campaign is what at least this share of its respondents say, and two of them at the least.
_COMMON = 0.5
# A passage belongs to the common text where this share of its word triples does.
_HELD = 0.5
_ID_LENGTH = 12  # hexadecimal digits of a SHA-256
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Copying:
    """What was copied among responses: whole texts and single passages."""

    campaigns: tuple[Campaign, ...]
    copied_passages: tuple[CopiedPassage, ...]


T = TypeVar("T", covariant=True)


class Numbered(Protocol[T]):
    """What is known by number: a list, or something that takes less room."""

    def __getitem__(self, number: int, /) -> T: ...


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was said, in numbers: the passages that count, in the order of their responses.

    ``whole`` are their word triples, ``own`` those that are not the draft's. Response i has the passages
    ``firsts[i]`` … ``firsts[i + 1]``, is by sender ``senders[i]`` and has the SHA-256 ``files[i]``. ``speaks`` is
    whether a passage says something (see ``speaking``), ``digests`` are of the texts (see ``digest``).
    """

    whole: Triples
    own: Triples
    firsts: Indices
    senders: Indices
    files: Numbered[str]
    speaks: npt.NDArray[np.bool_]
    digests: Numbered[bytes]

    @property
    def response_of(self) -> Indices:
        """The number of the response of each passage."""
        return np.repeat(np.arange(len(self.firsts) - 1), np.diff(self.firsts))


@dataclass(frozen=True, slots=True)
class Found:
    """A group of near-copies, by number: its members, one of them as their representative, the least resemblance.

    ``added`` are passages that are not in the common text; it is empty where the members are passages.
    """

    id: str
    members: Indices
    representative: int
    similarity: float
    added: Indices


def counts_as_text(disposition: Disposition) -> bool:
    """Whether a passage is looked at: no names and addresses, and nothing that repeats within a response."""
    return disposition not in ("boilerplate", "duplicate")


def speaking(disposition: Disposition, length: int) -> bool:
    """Whether a passage of so many triples says something: the names under a letter are no position and short."""
    return disposition != "no_position" or length >= FEWEST


def digest(text: str) -> bytes:
    """16 bytes that stand for a text."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def find_copying(
    policy: Policy, responses: Sequence[Response], passages: Sequence[Passage], respondent_of: Mapping[str, int]
) -> Copying:
    """The campaigns among ``responses`` and the passages that were copied beside them.

    ``respondent_of`` gives a number for a response id: what one respondent sends twice is no campaign. Neither names
    and addresses (``boilerplate``) nor what repeats within a response count.
    """
    place = {r.id: n for n, r in enumerate(responses)}
    judged = sorted((p for p in passages if counts_as_text(p.disposition)), key=lambda p: place[p.response_id])
    if len(responses) < 2 or not judged:
        return Copying((), ())
    whole = triples(p.text for p in judged)
    corpus = Corpus(
        whole=whole,
        own=whole.without(triples([policy.text]).values),
        firsts=np.searchsorted([place[p.response_id] for p in judged], np.arange(len(responses) + 1)),
        senders=np.array([respondent_of[r.id] for r in responses]),
        files=[r.sha256 for r in responses],
        speaks=np.array([speaking(p.disposition, n) for p, n in zip(judged, whole.lengths.tolist(), strict=True)]),
        digests=[digest(p.text) for p in judged],
    )
    response_ids, passage_ids = [r.id for r in responses], [p.id for p in judged]
    campaigns = list(campaigns_in(corpus))
    common = common_passages(corpus, campaigns)
    return Copying(
        tuple(campaign_record(found, corpus, response_ids, passage_ids) for found in campaigns),
        tuple(copied_record(found, passage_ids) for found in copied_in(corpus, common)),
    )


def campaigns_in(corpus: Corpus) -> Iterator[Found]:
    """The campaigns of a corpus; their members are responses."""
    texts = Triples(corpus.own.values, corpus.own.offsets[corpus.firsts])
    for members in near_copies(texts):
        by = np.unique(corpus.senders[members])
        if len(by) < 2:
            continue
        passages = np.concatenate([np.arange(corpus.firsts[n], corpus.firsts[n + 1]) for n in members])
        sender = np.repeat(corpus.senders[members], corpus.firsts[members + 1] - corpus.firsts[members])
        common = shared(corpus.whole, passages, sender, max(2, _COMMON * len(by)))
        foreign = overlap(corpus.whole, passages, common).share < _HELD
        files = [corpus.files[n] for n in members]
        added = passages[foreign & corpus.speaks[passages]]
        yield Found(_id("campaign", files), members, *_nearest(texts, members, files), added)


def campaign_numbers(corpus: Corpus, campaigns: Sequence[Found]) -> Indices:
    """For each response the number of its campaign, else -1."""
    campaign = np.full(len(corpus.firsts) - 1, -1)
    for number, found in enumerate(campaigns):
        campaign[found.members] = number
    return campaign


def common_passages(corpus: Corpus, campaigns: Sequence[Found]) -> Indices:
    """For each passage the number of the campaign whose common text it belongs to, else -1."""
    common = campaign_numbers(corpus, campaigns)[corpus.response_of]
    for found in campaigns:
        common[found.added] = -1
    return common


def copied_in(corpus: Corpus, common: Indices) -> Iterator[Found]:
    """The passages that were copied, a group each; ``common`` as of ``common_passages``."""
    senders = corpus.senders[corpus.response_of]
    for members in near_copies(corpus.own):
        within, by = common[members], senders[members]
        if (by != by[0]).any() and ((within < 0).any() or (within != within[0]).any()):
            digests = [corpus.digests[n] for n in members]
            nearest, similarity = _nearest(corpus.own, members, digests)
            yield Found(
                _id("copied", (d.hex() for d in digests)), members, nearest, similarity, np.zeros(0, dtype=np.int64)
            )


def campaign_record(found: Found, corpus: Corpus, response_ids: Numbered[str], passage_ids: Numbered[str]) -> Campaign:
    """The record of a campaign, with the ids of responses and passages."""
    added: dict[str, list[str]] = defaultdict(list)
    responses = np.searchsorted(corpus.firsts, found.added, side="right") - 1
    for response, passage in zip(responses.tolist(), found.added.tolist(), strict=True):
        added[response_ids[response]].append(passage_ids[passage])
    return Campaign(
        id=found.id,
        response_ids=tuple(response_ids[n] for n in found.members.tolist()),
        representative=response_ids[found.representative],
        similarity=found.similarity,
        added={response: tuple(theirs) for response, theirs in added.items()},
    )


def copied_record(found: Found, passage_ids: Numbered[str]) -> CopiedPassage:
    """The record of a copied passage."""
    return CopiedPassage(
        id=found.id,
        passage_ids=tuple(passage_ids[n] for n in found.members.tolist()),
        representative=passage_ids[found.representative],
        similarity=found.similarity,
    )


def _nearest(texts: Triples, members: Indices, keys: Sequence[str] | Sequence[bytes]) -> tuple[int, float]:
    """The text that resembles most what they have in common, and the least that one of them resembles it.

    Of several it is the one with the first key.
    """
    common = shared(texts, members, np.arange(len(members)), max(2, _COMMON * len(members)))
    resemblance = overlap(texts, members, common).resemblance
    best = np.flatnonzero(resemblance == resemblance.max()).tolist()
    nearest = int(members[min(best, key=lambda n: keys[n])])
    least = overlap(texts, members, np.unique(texts[nearest])).resemblance.min()
    return nearest, round(float(least), _DIGITS)


def _id(what: str, contents: Iterable[str]) -> str:
    digest = hashlib.sha256("\n".join(sorted(contents)).encode(errors="surrogatepass"))
    return f"{what}-{digest.hexdigest()[:_ID_LENGTH]}"


def common_text(campaigns: Iterable[Campaign], passages: Iterable[Passage]) -> dict[str, str]:
    """The campaign's id for each passage that belongs to the common text of one."""
    campaign_of = {r: campaign.id for campaign in campaigns for r in campaign.response_ids}
    added = {p for campaign in campaigns for theirs in campaign.added.values() for p in theirs}
    return {p.id: campaign_of[p.response_id] for p in passages if p.response_id in campaign_of and p.id not in added}


def copied_units(
    campaigns: Iterable[Campaign], copied: Iterable[CopiedPassage], passages: Iterable[Passage]
) -> dict[str, tuple[str, ...]]:
    """The ids of what a passage was copied with: its campaign, its group of copied passages, or both."""
    units: dict[str, list[str]] = defaultdict(list)
    for passage, campaign in common_text(campaigns, passages).items():
        units[passage].append(campaign)
    for group in copied:
        for passage in group.passage_ids:
            units[passage].append(group.id)
    return {passage: tuple(found) for passage, found in units.items()}
