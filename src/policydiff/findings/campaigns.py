"""Campaigns: responses that are near-copies of one text, what each of them added, and passages copied on their own.

They are pointed out and never merged: every response keeps its passages, its findings and its respondent. What the
draft itself says is left out when texts are compared, so that two who quote it at length are no campaign.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from policydiff.findings.near_copies import FEWEST, near_copies, resemblance, triples
from policydiff.models import Campaign, CopiedPassage, Passage, Policy, Response

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


def find_copying(
    policy: Policy, responses: Sequence[Response], passages: Sequence[Passage], respondent_of: Mapping[str, int]
) -> Copying:
    """The campaigns among ``responses`` and the passages that were copied beside them.

    ``respondent_of`` gives a number for a response id: what one respondent sends twice is no campaign. Neither names
    and addresses (``boilerplate``) nor what repeats within a response count.
    """
    judged = [p for p in passages if p.disposition not in ("boilerplate", "duplicate")]
    if len(responses) < 2 or not judged:
        return Copying((), ())
    whole = triples(p.text for p in judged)
    own = whole.without(triples([policy.text]).values)
    numbers: dict[str, list[int]] = {r.id: [] for r in responses}
    for number, passage in enumerate(judged):
        numbers[passage.response_id].append(number)
    senders = [respondent_of[r.id] for r in responses]
    texts = own.joined([numbers[r.id] for r in responses])
    campaigns = tuple(
        _campaign(
            [responses[i] for i in group],
            [texts[i].tolist() for i in group],
            [senders[i] for i in group],
            {responses[i].id: [(judged[n], whole[n].tolist()) for n in numbers[responses[i].id]] for i in group},
        )
        for group in near_copies(texts)
        if len({senders[i] for i in group}) > 1
    )
    common = common_text(campaigns, judged)
    copied = []
    for group in near_copies(own):
        members = [judged[i] for i in group]
        within = {common.get(p.id) for p in members}
        if len({respondent_of[p.response_id] for p in members}) > 1 and (len(within) > 1 or None in within):
            copied.append(_copied(members, [own[i].tolist() for i in group]))
    return Copying(campaigns, tuple(copied))


def common_text(campaigns: Iterable[Campaign], passages: Iterable[Passage]) -> dict[str, str]:
    """The campaign's id for each passage that belongs to the common text of one."""
    campaign_of = {r: campaign.id for campaign in campaigns for r in campaign.response_ids}
    added = {p for campaign in campaigns for theirs in campaign.added.values() for p in theirs}
    return {p.id: campaign_of[p.response_id] for p in passages if p.response_id in campaign_of and p.id not in added}


def _campaign(
    members: Sequence[Response],
    texts: Sequence[list[int]],
    senders: Sequence[int],
    passages: Mapping[str, Sequence[tuple[Passage, list[int]]]],
) -> Campaign:
    """``texts`` are the members' own triples, ``passages`` their passages with all triples."""
    said: dict[int, set[int]] = defaultdict(set)  # what a sender says, in however many responses
    for response, sender in zip(members, senders, strict=True):
        said[sender].update(triple for _, values in passages[response.id] for triple in values)
    held = Counter(triple for values in said.values() for triple in values)
    common = {triple for triple, count in held.items() if count >= max(2, _COMMON * len(said))}
    nearest = _nearest(texts, [r.sha256 for r in members])
    added = {
        r.id: theirs
        for r in members
        if (
            theirs := tuple(p.id for p, values in passages[r.id] if _says(p, values) and _share(values, common) < _HELD)
        )
    }
    return Campaign(
        id=_id("campaign", (r.sha256 for r in members)),
        response_ids=tuple(r.id for r in members),
        representative=members[nearest].id,
        similarity=_least(texts, nearest),
        added=added,
    )


def _says(passage: Passage, values: Sequence[int]) -> bool:
    """Whether a passage says something: the names under a letter are no position and short."""
    return passage.disposition != "no_position" or len(values) >= FEWEST


def _copied(members: Sequence[Passage], texts: Sequence[list[int]]) -> CopiedPassage:
    nearest = _nearest(texts, [p.text for p in members])
    return CopiedPassage(
        id=_id("copied", (p.text for p in members)),
        passage_ids=tuple(p.id for p in members),
        representative=members[nearest].id,
        similarity=_least(texts, nearest),
    )


def _nearest(texts: Sequence[list[int]], keys: Sequence[str]) -> int:
    """The number of the text that resembles what they have in common most; of equal ones that with the first key."""
    held = Counter(t for text in texts for t in set(text))
    common = {triple for triple, count in held.items() if count >= max(2, _COMMON * len(texts))}
    return max(range(len(texts)), key=lambda n: (resemblance(texts[n], common), [-ord(c) for c in keys[n]]))


def _least(texts: Sequence[list[int]], nearest: int) -> float:
    return round(min(resemblance(text, texts[nearest]) for text in texts), _DIGITS)


def _share(values: Sequence[int], common: set[int]) -> float:
    found = set(values)
    return len(found & common) / len(found) if found else 1.0


def _id(what: str, contents: Iterable[str]) -> str:
    digest = hashlib.sha256("\n".join(sorted(contents)).encode(errors="surrogatepass"))
    return f"{what}-{digest.hexdigest()[:_ID_LENGTH]}"


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
