"""What a user would do instead for the meaning of passages, and the least that anybody must do."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.baselines import BASELINES, minilm
from benchmarks.measuring import cpu_seconds
from policydiff.evidence.embeddings import load_encoder
from policydiff.evidence.transformer import TransformerEncoder

_SAMPLE = 100  # passages for MiniLM
_LAYER = ((1, 3), (1, 1), (1, 4), (4, 1))  # the products of a layer, in widths: attention, what it gives, up, down
_RUN = 40  # pieces that are multiplied at once, about those of a passage


def rows(passages: Sequence[str], provisions: Sequence[str], seconds: dict[str, float]) -> list[dict[str, Any]]:
    """CPU-seconds per 1,000 passages, and how many times those of each of ours in ``seconds``, end to end."""
    found = [("limit", name, cost) for name, cost in _limits(passages, provisions)]
    found += [
        ("instead", f"{name} + cosine", cpu_seconds(lambda name=name: BASELINES[name](passages, provisions))[1])
        for name in ("TF-IDF words", "TF-IDF character n-grams")
    ]
    model = minilm()
    if model is not None:
        sample = list(passages[:_SAMPLE])
        model.encode(sample[:2])
        _, once = cpu_seconds(lambda: model.encode(sample) @ model.encode(provisions).T)
        _, theirs = cpu_seconds(lambda: model.encode(provisions))
        found.append(("instead", "all-MiniLM-L6-v2 + cosine", theirs + (once - theirs) * len(passages) / len(sample)))
    return [
        {
            "part": part,
            "system": name,
            "cpu_s_per_1000": round(cost * 1000 / len(passages), 4),
            **{f"ratio_{ours}": round(cost * 1000 / len(passages) / own, 3) for ours, own in seconds.items()},
        }
        for part, name, cost in found
    ]


def _limits(passages: Sequence[str], provisions: Sequence[str]) -> list[tuple[str, float]]:
    out = []
    pieces = 0
    for name in ("static", "small"):
        tokenizer: Any = load_encoder(name).files.tokenizer  # type: ignore[attr-defined]
        tokenizer.encode("varm")
        encoded, cost = cpu_seconds(
            lambda tokenizer=tokenizer: tokenizer.encode_batch(list(passages), add_special_tokens=False)
        )
        pieces = sum(len(one.ids) for one in encoded)
        out.append((f"tokenizing once, {name}", cost))
    small = load_encoder("small")
    assert isinstance(small, TransformerEncoder)
    width = small.width
    out.append(("GEMM of the cosines", _gemm([(len(passages), width, len(provisions))])))
    layer = [(_RUN, a * width, b * width) for a, b in _LAYER]
    runs = pieces * small.layers / _RUN
    out.append(("GEMMs of the small encoder, float32", _gemm(layer * 50) / 50 * runs))
    return out


def _gemm(shapes: Sequence[tuple[int, int, int]]) -> float:
    """CPU-seconds of matrix products (n, k) by (k, m) in float32."""
    rng = np.random.default_rng(0)

    def matrix(*shape: int) -> npt.NDArray[np.float32]:
        return rng.standard_normal(shape, dtype=np.float32)

    made = {(n, k, m): (matrix(n, k), matrix(k, m)) for n, k, m in set(shapes)}
    products: list[Callable[[], object]] = [lambda pair=made[shape]: pair[0] @ pair[1] for shape in shapes]
    products[0]()
    return cpu_seconds(lambda: [product() for product in products])[1]
