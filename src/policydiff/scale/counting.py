"""Tallies, campaigns, copied passages and resubmissions of a result in a folder, without holding its texts.

What comes out is what ``policydiff.comparing.counted`` finds when all is in memory: the numbers are counted by the same
functions. A receipt says what was counted, so that it is not done again.
"""

import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from policydiff.findings.campaigns import (
    campaign_numbers,
    campaign_record,
    campaigns_in,
    common_passages,
    copied_in,
    copied_record,
)
from policydiff.findings.identity import contents, resubmission
from policydiff.findings.tally import Positions, counted
from policydiff.findings.triples import Indices
from policydiff.models import CopiedPassage, Policy, Record, Resubmission, Tally
from policydiff.scale.reading import PathOf, Reading, read_shards
from policydiff.scale.tables import COUNTED, read_records, write_counted
from policydiff.scale.work import Work, put_json, sha256_of

TEMPORARY = ".counting-"
_RECEIPT = "counted.json"


def count_into(work: Work, shards: int) -> None:
    """Count what the shards of a result hold, and write the files of COUNTED beside them."""
    receipt, key = work.receipt(0).with_name(_RECEIPT), _key(work, shards)
    if not _done(work.folder, receipt, key):
        write_counts(work.comparer.policy, work.folder, work.path, shards)
        files = {table: sha256_of(counted_path(work.folder, table)) for table in COUNTED}
        put_json(receipt, {"key": key, "files": files})


def write_counts(policy: Policy, folder: Path, path_of: PathOf, shards: int) -> None:
    """Write the files of COUNTED into ``folder``, whole or not at all; ``path_of`` gives the files of a shard."""
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder, ignore_cleanup_errors=True) as name:
        temporary = Path(name)
        for table, records in _records(policy, path_of, shards, temporary):
            write_counted(table, records, temporary / table)
        for table in COUNTED:
            (temporary / table).replace(counted_path(folder, table))


def counted_path(folder: Path, table: str) -> Path:
    """The file of a table of COUNTED."""
    return folder / f"{table}.parquet"


def _records(
    policy: Policy, path_of: PathOf, shards: int, temporary: Path
) -> Iterator[tuple[str, Iterator[Record] | tuple[Record, ...]]]:
    """The tables of COUNTED and their records, which are to be used one table after the other."""
    read = read_shards(policy, path_of, shards, temporary)
    corpus = read.corpus
    campaigns = list(campaigns_in(corpus))
    yield "campaigns", (campaign_record(found, corpus, read.response_ids, read.passage_ids) for found in campaigns)
    common = common_passages(corpus, campaigns)
    copied = np.full(len(common), -1)

    def copies() -> Iterator[CopiedPassage]:
        for number, found in enumerate(copied_in(corpus, common)):
            copied[found.members] = number
            yield copied_record(found, read.passage_ids)

    yield "copied_passages", copies()
    yield "tallies", _tallies(policy, read, campaign_numbers(corpus, campaigns), common, copied)
    yield "resubmissions", _resubmissions(path_of, shards, corpus.senders)


def _tallies(policy: Policy, read: Reading, campaign: Indices, common: Indices, copied: Indices) -> tuple[Tally, ...]:
    """``campaign`` is of responses, the others of passages that count as text: numbers, -1 where there is none."""
    found = read.accepted
    as_text = found.passage >= 0
    campaign_of, copied_of = campaign[found.response], np.full(len(as_text), -1)
    campaign_of[as_text] = common[found.passage[as_text]]
    copied_of[as_text] = copied[found.passage[as_text]]
    rows = [np.flatnonzero(units >= 0) for units in (campaign_of, copied_of)]
    count = int(campaign.max(initial=-1)) + 1
    positions = Positions(
        provision=found.provision,
        labels=found.labels,
        passage=found.passage,
        respondent=read.corpus.senders[found.response],
        copied=np.concatenate(rows),
        unit=np.concatenate((campaign_of[rows[0]], count + copied_of[rows[1]])),
    )
    return counted(policy, positions, read.weights)


def _resubmissions(path_of: PathOf, shards: int, senders: Indices) -> Iterator[Resubmission]:
    """The responses are read again; of those whose sender has several, the words are looked at."""
    several = np.bincount(senders) > 1 if len(senders) else np.zeros(0, dtype=bool)
    names: dict[int, str] = {}
    sent: defaultdict[int, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    responses = (r for shard in range(shards) for r in read_records("responses", path_of("responses", shard)))
    if several.any():
        for sender, response in zip(senders.tolist(), responses, strict=True):
            if several[sender]:
                names.setdefault(sender, response.respondent)
                sent[sender].append((response.id, contents(response)))
    for sender in sorted(sent):
        yield resubmission(names[sender], sent[sender])


def _key(work: Work, shards: int) -> dict[str, str]:
    """What decides what is counted: the version, the draft, the models and settings, and the files of the shards."""
    files = hashlib.sha256()
    for number in range(shards):
        files.update(json.dumps(json.loads(work.receipt(number).read_bytes())["files"], sort_keys=True).encode())
    return {**work.comparer.basis(), "shards": files.hexdigest()}


def _done(folder: Path, receipt: Path, key: dict[str, str]) -> bool:
    try:
        found = json.loads(receipt.read_bytes())
        return found["key"] == key and all(
            sha256_of(counted_path(folder, table)) == found["files"][table] for table in COUNTED
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False
