"""The embedded transformer encoder, run by onnxruntime: no torch, no network.

Its folder is one that sentence-transformers loads as well: ``model.safetensors`` holds BertModel's weights under
their own names, matrices in eight-bit floats (E4M3), and ``graph.onnx`` the same network without weights. They
are put in when the graph is loaded, matrices in int8. The second feed-forward matrix of a layer has the few inputs
that get very large apart and in float32, since all others would lose their digits beside them (Dettmers et al. 2022,
LLM.int8); which these are stands in config.json.

Texts run one at a time, without padding, each on one thread: what a text is given never depends on the others.
"""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from policydiff.errors import SettingsError
from policydiff.evidence.model_files import ModelFiles

Matrix = npt.NDArray[np.float32]
WINDOW = 254  # pieces read at once; a longer text is read in parts
_SMOOTHING = 0.7  # how much of an activation's size is moved into the weights (Xiao et al. 2023, SmoothQuant)


class TransformerEncoder:
    """Unit vectors of 384 dimensions from six transformer layers, Danish and English.

    ``folder`` is one that training/encoder/export.py writes; the default is the one shipped with policydiff.
    ``threads`` bounds how many texts are encoded at once (default: the machine's cores). The result does not
    depend on it. The files are read at first use.
    """

    def __init__(self, folder: Path | str | None = None, *, threads: int | None = None) -> None:
        self.files = ModelFiles(folder if folder is not None else "small", ("config.json", "graph.onnx"))
        self.threads = threads

    def __getstate__(self) -> dict[str, Any]:
        return {"files": self.files, "threads": self.threads}  # the session is made again where it is unpickled

    @property
    def name(self) -> str:
        """The model's name with the first twelve digits of the SHA-256 of its weights."""
        return self.files.name

    @cached_property
    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The weights as they are stored, by BertModel's names."""
        return read_tensors(self.files.read("model.safetensors"))

    @cached_property
    def large_units(self) -> list[list[int]]:
        """Of each layer the units between its two feed-forward matrices that get very large."""
        try:
            found: list[list[int]] = json.loads(self.files.read("config.json"))["large_units"]
        except KeyError as missing:
            raise SettingsError(
                f"config.json in {self.files.folder} has no {missing}; export the encoder again"
            ) from None
        return found

    @property
    def layers(self) -> int:
        """How many transformer layers there are."""
        return len(self.large_units)

    @cached_property
    def _session(self) -> Any:
        return session(self.files.read("graph.onnx"), initializers(self.tensors, dict(enumerate(self.large_units))))

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One unit row a text, float32, shape (len(texts), 384); a text without pieces is zero.

        A text of more than 254 pieces is read in parts of about one length, their vectors weighted by length.
        """
        encodings = self.files.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        pieces = [np.array(e.ids, dtype=np.int64) for e in encodings]
        _ = self._session  # made before the threads ask for it
        if len(texts) < 2 or self.threads == 1:
            rows = [self._vector(ids) for ids in pieces]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                rows = list(pool.map(self._vector, pieces))
        return np.stack(rows) if rows else np.zeros((0, self.width), dtype=np.float32)

    @property
    def width(self) -> int:
        """The dimensions of a vector."""
        return int(self.tensors[_WORDS].shape[1])

    def _vector(self, ids: npt.NDArray[np.int64]) -> Matrix:
        total = np.zeros(self.width, dtype=np.float32)
        for part in np.array_split(ids, -(-len(ids) // WINDOW)) if len(ids) else ():
            total += len(part) * self._session.run(None, {"embedded": self.embedded(part)})[0][0]
        length = float(np.linalg.norm(total))
        return np.asarray(total / length if length else total, dtype=np.float32)

    def embedded(self, part: npt.NDArray[np.int64]) -> Matrix:
        """What the first layer is given for pieces: shape (1, pieces and the two special ones, width)."""
        first, last = self.files.tokenizer.token_to_id("[CLS]"), self.files.tokenizer.token_to_id("[SEP]")
        ids = np.concatenate([[first], part, [last]])
        return np.asarray((floats(self.tensors[_WORDS][ids]) + self._positions[: len(ids)])[None])

    @cached_property
    def _positions(self) -> Matrix:
        kind = floats(self.tensors["embeddings.token_type_embeddings.weight"])[0]
        return np.asarray(floats(self.tensors["embeddings.position_embeddings.weight"])[: WINDOW + 2] + kind)


def session(graph: bytes, values: dict[str, npt.NDArray[Any]]) -> Any:
    """An onnxruntime session on one thread, for a graph whose weights are given beside it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    # The graph is as it shall run. Further fusion would put SkipLayerNormalization into it, which is four times slower.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    kept = [onnxruntime.OrtValue.ortvalue_from_numpy(v) for v in values.values()]
    options.add_external_initializers(list(values), kept)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


_WORDS = "embeddings.word_embeddings.weight"


def _e4m3() -> Matrix:
    """The 256 values of an eight-bit float with four bits of exponent and three of mantissa (OCP 8-bit, E4M3)."""
    code = np.arange(256)
    exponent, mantissa = code >> 3 & 15, code & 7
    size = np.where(exponent == 0, mantissa * 2.0**-9, (8 + mantissa) * 2.0 ** (exponent - 10.0))
    size[exponent * 8 + mantissa == 127] = np.nan
    return np.asarray(np.where(code >> 7, -size, size), dtype=np.float32)


_E4M3 = _e4m3()


def floats(values: npt.NDArray[Any]) -> Matrix:
    """Float32 of a tensor as ``read_tensors`` gives it."""
    return _E4M3[values] if values.dtype == np.uint8 else np.asarray(values, dtype=np.float32)


def read_tensors(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """The tensors of a safetensors file; eight-bit floats stay as bytes (numpy has no such type).

    Raises:
        SettingsError: the file is none, or holds a type that is not expected.

    """
    from safetensors import SafetensorError, deserialize

    kinds = {"F8_E4M3": np.uint8, "F16": np.float16, "F32": np.float32}
    try:
        found = {
            name: np.frombuffer(tensor["data"], dtype=kinds[tensor["dtype"]]).reshape(tensor["shape"])
            for name, tensor in deserialize(data)  # type: ignore[no-untyped-call]
        }
    except (SafetensorError, KeyError) as error:
        raise SettingsError(f"the encoder's model.safetensors cannot be read ({error})") from error
    return found


def initializers(
    tensors: dict[str, npt.NDArray[Any]], layers: Mapping[int, Sequence[int]], prefix: str = ""
) -> dict[str, npt.NDArray[Any]]:
    """What ``graph.onnx`` lacks, by the names it has there: vectors as they are, matrices as they are multiplied.

    ``layers`` are those wanted, each with its large units; the names begin with ``prefix``. The first layer comes with
    the norm before it.
    """
    found: dict[str, npt.NDArray[Any]] = {}

    def vector(name: str, *sources: str) -> Matrix:
        found[name] = np.concatenate([floats(tensors[s]) for s in sources])
        return found[name]

    def norm(name: str, source: str) -> Matrix:
        """Adds the norm's weights; returns about how large its outputs get, a dimension."""
        weight, bias = vector(f"{name}.weight", f"{source}.weight"), vector(f"{name}.bias", f"{source}.bias")
        return np.asarray(4 * np.abs(weight) + np.abs(bias), dtype=np.float32)

    if 0 in layers:
        norm("norm", "embeddings.LayerNorm")
    for i, large in layers.items():
        at = f"{prefix}{i}"
        source = f"encoder.layer.{i}."
        attention = [f"{source}attention.self.{part}" for part in ("query", "key", "value")]
        joined = np.concatenate([floats(tensors[f"{a}.weight"]) for a in attention]).T
        found |= _int8(f"{at}.attention", joined)
        vector(f"{at}.attention.bias", *(f"{a}.bias" for a in attention))
        found |= _int8(f"{at}.attended", floats(tensors[f"{source}attention.output.dense.weight"]).T)
        vector(f"{at}.attended.bias", f"{source}attention.output.dense.bias")
        largest = norm(f"{at}.attended.norm", f"{source}attention.output.LayerNorm")
        first = floats(tensors[f"{source}intermediate.dense.weight"]).T
        units = np.concatenate([large, np.setdiff1d(np.arange(first.shape[1]), large)])  # the large ones first
        first = first[:, units]
        smooth = largest**_SMOOTHING / np.abs(first).max(axis=1) ** (1 - _SMOOTHING)
        found[f"{at}.first.smooth"] = np.asarray(1 / smooth, dtype=np.float32)
        found |= _int8(f"{at}.first", first * smooth[:, None])
        found[f"{at}.first.bias"] = floats(tensors[f"{source}intermediate.dense.bias"])[units]
        second = floats(tensors[f"{source}output.dense.weight"]).T[units]
        found[f"{at}.second.large"] = np.ascontiguousarray(second[: len(large)])
        found |= _int8(f"{at}.second", second[len(large) :])
        vector(f"{at}.second.bias", f"{source}output.dense.bias")
        norm(f"{at}.second.norm", f"{source}output.LayerNorm")
    return found


def _int8(name: str, matrix: Matrix) -> dict[str, npt.NDArray[Any]]:
    """A matrix (in, out) in int8 with a scale a column."""
    scale = np.maximum(np.abs(matrix).max(axis=0) / 127, 1e-12).astype(np.float32)
    values = np.ascontiguousarray(np.round(matrix / scale).astype(np.int8))
    return {name: values, f"{name}.scale": scale, f"{name}.zero": np.zeros(len(scale), dtype=np.int8)}
