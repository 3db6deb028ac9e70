"""A run: the inputs cut, what is done already passed over, the rest given to an engine, the manifest at the end."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from policydiff.comparing import Comparer
from policydiff.documents.inputs import ResponseInputs, Source
from policydiff.errors import SettingsError, UnreadableError
from policydiff.scale.counting import TEMPORARY, count_into, counted_path
from policydiff.scale.engines import Engine, in_process
from policydiff.scale.folder import FORMAT, MANIFEST, Manifest
from policydiff.scale.shards import Shard, shards
from policydiff.scale.tables import COUNTED, SCHEMAS
from policydiff.scale.work import RECEIPTS, Work, put_json

SHARD_SIZE = 200  # inputs; some ten seconds of work with the small encoder

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did. ``kept`` counts the shards that were done before, ``computed`` says why others were not."""

    manifest: Manifest
    kept: int
    computed: dict[int, str] = field(default_factory=dict)

    def reasons(self) -> str:
        """The shards that were computed, by reason."""
        return ", ".join(f"{count} {why}" for why, count in sorted(Counter(self.computed.values()).items()))


def compare_into(
    comparer: Comparer,
    sources: Sequence[Source],
    folder: Path | str,
    *,
    engine: Engine = in_process,
    shard_size: int = SHARD_SIZE,
    progress: Progress | None = None,
) -> Run:
    """Compare ``sources`` (as for Comparer.compare) and write the result into ``folder``, shard by shard.

    A shard that is there already, whole, made of the same inputs by the same version, models, draft and settings, is
    passed over, so that a run that was ended goes on where it was. ``progress`` is called with the number of inputs
    done and the total, None where it is unknown.

    Raises:
        SettingsError: an impossible setting, or a model without a name.
        UnreadableError: the folder cannot be written, or holds something else.
        WorkerError: a shard ended its worker each time; all others are done.
    """
    if shard_size < 1:
        raise SettingsError(f"a shard size of {shard_size}: at least one response is needed")
    folder = Path(folder).absolute()
    _claim(folder)
    sources = list(sources)
    inputs = ResponseInputs(sources, comparer.settings.documents)
    work = Work(comparer, folder, comparer.template_of(sources))
    counts: Counter[str] = Counter(dict.fromkeys(SCHEMAS, 0))
    why: dict[int, str] = {}
    count = kept = done = 0

    def missing() -> Iterator[Shard]:
        nonlocal count, kept
        for shard in shards(inputs.unread(), shard_size):
            count = shard.number + 1
            found, reason = work.counts_if_done(shard)
            if found is None:
                why[shard.number] = reason
                yield shard
            else:
                kept += 1
                finish(shard, found)

    def finish(shard: Shard, found: dict[str, int]) -> None:
        nonlocal done
        counts.update(found)
        done += len(shard.inputs)
        if progress is not None:
            progress(done, inputs.total)

    for shard, found in engine(work, missing()):
        finish(shard, found)
    _remove_from(work, count)
    count_into(work, count)
    manifest = Manifest(
        format=FORMAT,
        provenance=comparer.provenance(()),
        policy=comparer.policy,
        shards=count,
        counts=dict(counts),
    )
    put_json(folder / MANIFEST, manifest.model_dump(mode="json"))
    return Run(manifest, kept, why)


def _claim(folder: Path) -> None:
    """Make the folder ours; it has no manifest until all is done."""
    ours = {MANIFEST, RECEIPTS, *SCHEMAS, *(counted_path(folder, table).name for table in COUNTED)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(path.name for path in folder.iterdir() if path.name not in ours and path.name[0] != ".")
        if others:
            raise UnreadableError(str(folder), f"holds other things ({others[0]}); give an empty or a result's folder")
        (folder / MANIFEST).unlink(missing_ok=True)
        for path in folder.glob(f"{TEMPORARY}*"):  # of a run that was ended
            shutil.rmtree(path, ignore_errors=True)
    except OSError as error:
        raise UnreadableError(str(folder), f"cannot be written ({error.strerror}); choose another place") from error


def _remove_from(work: Work, count: int) -> None:
    """Remove the shards of an earlier run that had more of them, and what ended runs left half written."""
    for folder in (work.folder / name for name in (*SCHEMAS, RECEIPTS)):
        for path in folder.iterdir() if folder.is_dir() else ():
            number = path.stem
            if path.name.startswith(".") or (number.isdecimal() and int(number) >= count):
                path.unlink(missing_ok=True)
