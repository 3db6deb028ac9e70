"""Very many responses: cut into shards, compared by many processes or machines, written as Parquet.

from policydiff.scale import ProcessPool, compare_into, gather

compare_into(comparer, ["responses/"], "result/", engine=ProcessPool(4))
comparison = gather("result/")  # the one that comparer.compare(["responses/"]) gives
"""

from policydiff.scale.engines import DaskCluster, Engine, ProcessPool, in_process
from policydiff.scale.folder import Manifest, ResultFolder, gather
from policydiff.scale.running import SHARD_SIZE, Run, compare_into
from policydiff.scale.shards import Shard
from policydiff.scale.tables import COUNTED, SCHEMAS
from policydiff.scale.work import Work

__all__ = [
    "COUNTED",
    "SCHEMAS",
    "SHARD_SIZE",
    "DaskCluster",
    "Engine",
    "Manifest",
    "ProcessPool",
    "ResultFolder",
    "Run",
    "Shard",
    "Work",
    "compare_into",
    "gather",
    "in_process",
]
