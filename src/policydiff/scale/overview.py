"""What is shown of a result in a folder: some of its findings, read where they lie, and how much there is of all."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from policydiff.models import Comparison, Finding, Passage, Response
from policydiff.report.terminal import Ledger, strength, takes_stance
from policydiff.scale.folder import ResultFolder
from policydiff.scale.tables import chosen, is_one_of, records_in

Place = tuple[int, int]  # a shard, and a row of its findings


def strongest_of(result: ResultFolder, count: int) -> Comparison:
    """The tallies, and no more findings than the ``count`` strongest, with their passages and responses."""
    return part_of(result, sorted(place for *_, place in heapq.nsmallest(count, _strengths(result))))


def _strengths(result: ResultFolder) -> Iterator[tuple[float, int, Place]]:
    """What the strongest findings come first by (see ``report.terminal.strongest``), and where each is."""
    order = {p.id: n for n, p in enumerate(result.manifest.policy.provisions)}
    names = ["accepted", "labels", "confidence", "stances", "provision_id"]
    for shard in range(result.manifest.shards):
        table = result.shard("findings", shard, names)
        rows = chosen(table["accepted"])
        columns = (table[name].take(rows).to_pylist() for name in names[1:])
        for row, labels, confidence, stances, provision in zip(rows.to_pylist(), *columns, strict=True):
            if takes_stance(labels):
                yield -strength(confidence, stances, labels), order[provision], (shard, row)


def findings_on(result: ResultFolder, provisions: Iterable[str], *, candidates: bool) -> Comparison:
    """The tallies and the findings on these provisions, also those below the threshold if ``candidates``."""
    wanted = list(provisions)
    places = []
    for shard in range(result.manifest.shards):
        table = result.shard("findings", shard, ["provision_id", "accepted"])
        rows = chosen(is_one_of(table["provision_id"], wanted))
        counts = table["accepted"].take(rows).to_pylist()
        places += [
            (shard, row) for row, accepted in zip(rows.to_pylist(), counts, strict=True) if accepted or candidates
        ]
    return part_of(result, places)


def part_of(result: ResultFolder, places: Iterable[Place]) -> Comparison:
    """The tallies, and the findings in these places, which are in order, with their passages and responses."""
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for shard, row in places:
        rows[shard].append(row)
    all_findings: list[Finding] = []
    all_passages: list[Passage] = []
    responses: list[Response] = []
    for shard, here in rows.items():
        findings = list(records_in("findings", result.shard("findings", shard).take(here)))
        passages = list(_with_ids(result, "passages", shard, {f.passage_id for f in findings}))
        all_findings += findings
        all_passages += passages
        responses += _with_ids(result, "responses", shard, {p.response_id for p in passages})
    return Comparison(
        provenance=result.manifest.provenance,
        policy=result.manifest.policy,
        tallies=result.tallies(),
        responses=tuple(responses),
        passages=tuple(all_passages),
        findings=tuple(all_findings),
    )


def _with_ids(result: ResultFolder, table: str, shard: int, ids: set[str]) -> Iterator[Any]:
    rows = result.shard(table, shard)
    return records_in(table, rows.filter(is_one_of(rows["id"], sorted(ids))))


def ledger_in(result: ResultFolder) -> Ledger:
    """How much there is in a result."""
    dispositions: Counter[str] = Counter()
    review = 0
    for shard in range(result.manifest.shards):
        dispositions.update(result.shard("passages", shard, ["disposition"])["disposition"].to_pylist())
        findings = result.shard("findings", shard, ["review", "accepted"])
        review += len(chosen(findings.filter(findings["accepted"])["review"]))
    campaigns = Counter(len(campaign.response_ids) for campaign in result.records("campaigns"))
    senders = Counter(len(sent.response_ids) for sent in result.records("resubmissions"))
    return Ledger(
        responses=result.manifest.counts["responses"],
        dispositions=dispositions,
        review=review,
        campaigns=campaigns.total(),
        copies=sum(size * count for size, count in campaigns.items()),
        copied=sum(1 for _ in result.records("copied_passages")),
        senders=senders.total(),
        sent=sum(size * count for size, count in senders.items()),
    )
