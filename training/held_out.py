"""The encoder and the tagger that were trained without a set: what the fits may look through at that set."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from policydiff.evidence.tagger import Tagger
from policydiff.evidence.transformer import TransformerEncoder


def unseen_encoder(name: str, encoders: Sequence[Any]) -> Any:
    """The one of the embedded encoders that was not supervised with the set of this name."""
    return _only([e for e in encoders if name not in e.files.card["sets"]], name)


def unseen_tagger(name: str, folders: Sequence[Path], encoder: TransformerEncoder) -> Tagger:
    """The tagger on ``encoder`` that did not learn from the set of this name."""
    return Tagger(encoder, _only([f for f in folders if name not in _card(f)["sets"]], name))


def _only(found: Sequence[Any], name: str) -> Any:
    if len(found) != 1:
        raise SystemExit(f"{len(found)} of the held-out models have not seen {name!r}; it must be one")
    return found[0]


def _card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    return card
