import hashlib
import random

import pyarrow.parquet as pq
import pytest

from policydiff.comparing import counted
from policydiff.models import STANCES, Finding, Passage, Policy, Provenance, Provision, Response
from policydiff.scale.counting import TEMPORARY, write_counts
from policydiff.scale.tables import COUNTED, RECORDS, SCHEMAS, read_records, write_table

WORDS = [f"ord{n}" for n in range(3000)]
DRAFT = " ".join(WORDS[:60])
POLICY = Policy(
    id="p",
    title="Udkast",
    language="da",
    text=DRAFT,
    provisions=tuple(
        Provision(id=i, kind="mål", label=i, text=DRAFT, start=0, end=len(DRAFT)) for i in ("A", "B", "C", "tavs")
    ),
)
DISPOSITIONS = ("aligned", "aligned", "aligned", "no_position", "boilerplate", "duplicate")


def hearing(seed, count=120):
    """Responses with campaigns, copied paragraphs, quotations, names that come again, weights, and findings."""
    rng = random.Random(seed)  # noqa: S311

    def paragraph(length=45):
        return " ".join(rng.choices(WORDS, k=length))

    letters = [[paragraph() for _ in range(4)] for _ in range(5)]
    copied = [paragraph() for _ in range(4)] + [DRAFT]
    responses, passages, findings = [], [], []
    for n in range(count):
        parts = [paragraph(rng.choice((3, 12, 40))) for _ in range(rng.randrange(4))]
        if rng.random() < 0.5:
            parts += rng.choice(letters)[: rng.choice((3, 4, 4))]
            if rng.random() < 0.3:
                parts[-1] = "Ikke " + parts[-1]
        if rng.random() < 0.3:
            parts.insert(0, rng.choice(copied))
        name = rng.choice((f"Foreningen {n % 90}", f"Lejer nummer {n}", "Borger i Nordby", f"svar{n}"))
        if responses and rng.random() < 0.1:  # sent once more
            parts, name = responses[-1].text.split("\n\n"), responses[-1].respondent
        kind = {} if rng.random() < 0.5 else {"kind": "citizen", "kind_guessed": False}
        text = "\n\n".join(parts)
        responses.append(
            Response(
                id=f"r{n + 1}",
                respondent=name,
                source=f"svar{n}.txt",
                language="da",
                sha256=hashlib.sha256(text.encode()).hexdigest(),
                text=text,
                weight=rng.choice((1, 1, 0.1, 7.3)),
                **kind,
            )
        )
        for k, part in enumerate(parts, 1):
            passages.append(
                Passage(
                    id=f"r{n + 1}/{k}",
                    response_id=f"r{n + 1}",
                    section="",
                    start=0,
                    end=len(part),
                    text=part,
                    disposition=rng.choice(DISPOSITIONS),
                )
            )
            findings += [
                Finding(
                    passage_id=f"r{n + 1}/{k}",
                    provision_id=provision,
                    confidence=rng.random(),
                    accepted=rng.random() < 0.8,
                    review=rng.random() < 0.2,
                    stances=dict.fromkeys(STANCES, 0.5),
                    labels=tuple(rng.sample(STANCES, rng.choice((1, 1, 2)))),
                    via="quote",
                    evidence=(),
                )
                for provision in rng.sample("ABC", rng.randrange(3))
            ]
    made = Provenance(version="", models={}, settings={}, inputs={})
    return counted(POLICY, made, tuple(responses), tuple(passages), tuple(findings), ())


def written(result, folder, size):
    """The shards of a result, and what is counted of them; returns how many."""
    shards = -(-len(result.responses) // size)
    for n in range(shards):
        responses = result.responses[n * size : (n + 1) * size]
        passages = [p for p in result.passages if p.response_id in {r.id for r in responses}]
        findings = [f for f in result.findings if f.passage_id in {p.id for p in passages}]
        for table, records in (("responses", responses), ("passages", passages), ("findings", findings)):
            (folder / table).mkdir(exist_ok=True)
            write_table(table, records, folder / table / f"{n}.parquet")
    write_counts(POLICY, folder, lambda table, n: folder / table / f"{n}.parquet", shards)
    return {table: list(read_records(table, folder / f"{table}.parquet")) for table in COUNTED}


@pytest.mark.parametrize("seed", range(2))
def test_the_shards_are_counted_as_if_they_were_in_memory(seed, tmp_path):
    result = hearing(seed)
    assert len(result.campaigns) > 1
    assert any(c.added for c in result.campaigns)
    assert len(result.copied_passages) > 1
    assert any(r.copies for r in result.resubmissions)
    assert any(t.collapsed != t.respondents for t in result.tallies)
    files = set()
    for size in (1, 7, 1000):
        folder = tmp_path / str(size)
        folder.mkdir()
        found = written(result, folder, size)
        assert found == {table: list(getattr(result, table)) for table in COUNTED}
        files.add(tuple((folder / f"{table}.parquet").read_bytes() for table in COUNTED))
        assert not list(folder.glob(f"{TEMPORARY}*"))
    assert len(files) == 1


def test_nothing_is_counted_as_nothing(tmp_path):
    result = hearing(0, count=0)
    assert written(result, tmp_path, 1) == {table: list(getattr(result, table)) for table in COUNTED}


def test_every_field_of_what_is_counted_is_a_column(tmp_path):
    written(hearing(0, count=20), tmp_path, 20)
    for table, schema in COUNTED.items():
        assert schema.names == list(RECORDS[table].model_fields)
        assert pq.read_schema(tmp_path / f"{table}.parquet").equals(schema)
    assert not COUNTED.keys() & SCHEMAS.keys()
