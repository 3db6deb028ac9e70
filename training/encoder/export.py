"""Step 6: the trained student as it is shipped: eight-bit floats, a graph for onnxruntime, a card with hashes.

    python training/encoder/export.py --work DIR --gold fixtures/gold --model small --date 2026-11-26

The folder is also one that sentence-transformers loads. Embeddings are kept sixteen times as large, where eight-bit
floats resolve them best; the layer norm that follows takes the factor out again.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import TensorProto, helper
from safetensors.torch import load_file, save_file

from policydiff.evidence.transformer import WINDOW, initializers, read_tensors
from policydiff.gold import gold_folders, read_gold

SCALE = 16.0
LARGE = 8  # units a layer; in each a few are three times as large as any other
MODULES = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}


def sources(base: str) -> dict[str, str]:
    """What the weights were made of, with terms and use; ``base`` is what was supervised."""
    more = "" if base == "start" else ", distillation"
    speech = "" if base == "start" else ", contrast of neighbouring sentences"
    return {
        "all-MiniLM-L6-v2": "Apache-2.0; the layers and embeddings that training began from" + more,
        "Europarl v7 (da-en)": f"no known copyright restrictions; vocabulary, alignment{more}",
        "Tatoeba (da-en)": f"CC BY 2.0 FR; alignment{more}",
        "Wiktionary (da)": "CC BY-SA; vocabulary, alignment",
        "Folketinget 2023": f"open data of the Danish parliament; vocabulary{speech}",
        "fixtures/gold/natural": "the labelled consultations of this repository; supervision",
    }


def write_weights(source: Path, target: Path) -> None:
    """Matrices in E4M3, vectors in float32; names as BertModel has them."""
    out = {}
    for name, values in load_file(source).items():
        values = values.float()
        if values.dim() == 2:
            factor = SCALE if name.startswith("embeddings.") else 1.0
            values = (values * factor).to(torch.float8_e4m3fn)
        out[name] = values.contiguous()
    save_file(out, target, metadata={"format": "pt"})


def graph(values: dict[str, np.ndarray], layers: int, heads: int, width: int, branch: int = 0) -> bytes:
    """The network as ONNX, its weights declared and left out; ``initializers`` supplies them.

    With ``branch``, a tagger's so many upper layers and its head are in it too, their names beginning with "t"; then
    the last states are given as well as their mean.
    """
    nodes: list[Any] = []

    def add(kind: str, inputs: list[str], outputs: list[str], *, contrib: bool = False, **attributes: Any) -> None:
        domain = "com.microsoft" if contrib else ""
        nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))

    def multiply(x: str, name: str, out: str) -> None:
        weights = [name, f"{name}.scale", f"{name}.zero", f"{name}.bias"]
        add("DynamicQuantizeMatMul", [x, *weights], [out], contrib=True)

    def residual(x: str, before: str, name: str, out: str) -> None:
        # onnxruntime's SkipLayerNormalization, which is these two, takes four times as long.
        add("Add", [x, before], [f"{name}.sum"])
        weights = [f"{name}.norm.weight", f"{name}.norm.bias"]
        add("LayerNormalization", [f"{name}.sum", *weights], [out], axis=-1, epsilon=1e-12)

    def layer(x: str, i: str) -> str:
        multiply(x, f"{i}.attention", f"{i}.qkv")
        add("Split", [f"{i}.qkv"], [f"{i}.q", f"{i}.k", f"{i}.v"], axis=-1, num_outputs=3)
        add("MultiHeadAttention", [f"{i}.q", f"{i}.k", f"{i}.v"], [f"{i}.mixed"], contrib=True, num_heads=heads)
        multiply(f"{i}.mixed", f"{i}.attended", f"{i}.a")
        residual(f"{i}.a", x, f"{i}.attended", f"{i}.y")
        add("Mul", [f"{i}.y", f"{i}.first.smooth"], [f"{i}.smoothed"])
        multiply(f"{i}.smoothed", f"{i}.first", f"{i}.wide")
        add("Gelu", [f"{i}.wide"], [f"{i}.gelu"])
        add("Split", [f"{i}.gelu", "parts"], [f"{i}.large", f"{i}.others"], axis=-1)
        multiply(f"{i}.others", f"{i}.second", f"{i}.of.others")
        add("MatMul", [f"{i}.large", f"{i}.second.large"], [f"{i}.of.large"])
        add("Add", [f"{i}.of.others", f"{i}.of.large"], [f"{i}.b"])
        residual(f"{i}.b", f"{i}.y", f"{i}.second", f"{i}.x")
        return f"{i}.x"

    add("LayerNormalization", ["embedded", "norm.weight", "norm.bias"], ["x"], axis=-1, epsilon=1e-12)
    states = ["x"]
    for i in range(layers):
        states.append(layer(states[-1], str(i)))
    add("ReduceMean", [states[-1], "axis"], ["mean"], keepdims=0)
    outputs = [helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, width])]
    if branch:
        outputs.append(helper.make_tensor_value_info(states[-1], TensorProto.FLOAT, [1, "pieces", width]))
        x = states[layers - branch]
        for i in range(layers - branch, layers):
            x = layer(x, f"t{i}")
        add("MatMul", [x, "head"], ["headed"])
        add("Add", ["headed", "head.bias"], ["numbers"])
        outputs.append(
            helper.make_tensor_value_info("numbers", TensorProto.FLOAT, [1, "pieces", len(values["head.bias"])])
        )
    declared = [_declared(name, array) for name, array in values.items()]
    declared.append(helper.make_tensor("axis", TensorProto.INT64, [1], [1]))
    parts = [len(values["0.second.large"]), len(values["0.second"])]
    declared.append(helper.make_tensor("parts", TensorProto.INT64, [2], parts))
    embedded = helper.make_tensor_value_info("embedded", TensorProto.FLOAT, [1, "pieces", width])
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    built = helper.make_graph(nodes, "policydiff-small", [embedded], outputs, declared)
    return helper.make_model(built, opset_imports=opsets, ir_version=9).SerializeToString(deterministic=True)


def large_units(layers: Sequence[Any], read: Callable[[], None]) -> list[list[int]]:
    """Of each layer the units between its two feed-forward matrices that get largest while ``read`` reads texts."""
    most = [torch.zeros(1) for _ in layers]

    def note(number: int, output: torch.Tensor) -> None:
        most[number] = torch.maximum(most[number], output.detach().abs().flatten(0, -2).amax(0))

    hooks = [
        layer.intermediate.register_forward_hook(lambda _module, _inputs, output, n=n: note(n, output))
        for n, layer in enumerate(layers)
    ]
    with torch.no_grad():
        read()
    for hook in hooks:
        hook.remove()
    return [sorted(values.topk(LARGE).indices.tolist()) for values in most]


def some_passages(gold: Path) -> list[str]:
    """Every eighth passage of the natural sets."""
    return [p.text for folder in gold_folders([gold / "natural"]) for p in read_gold(folder).passages][::8]


def _declared(name: str, array: np.ndarray) -> TensorProto:
    tensor = TensorProto(name=name, dims=array.shape, data_location=TensorProto.EXTERNAL)
    tensor.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
    tensor.external_data.add(key="location", value="given when the graph is loaded")
    return tensor


def left_out(work: Path, folds: str) -> dict[str, float]:
    """Mean strict average precision by language over the sets that each fold's encoder did not see."""
    found: dict[str, list[float]] = {}
    for file in sorted(work.glob(f"{folds}-*/training.json")):
        for name, (precision, _) in json.loads(file.read_text(encoding="utf-8"))["left out"].items():
            found.setdefault(name.split()[0], []).append(precision)
    return {language: round(float(np.mean(values)), 3) for language, values in sorted(found.items())}


def write_json(folder: Path, name: str, content: Any) -> None:
    """Indented, in UTF-8."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--model", default="small")
    parser.add_argument("--folds", default="fold", help="folders of this name and a number hold the left-out figures")
    parser.add_argument("--date", required=True)
    parser.add_argument("--out", type=Path, default=Path("src/policydiff/models_data/small"))
    options = parser.parse_args()
    from student import Student  # here, since training/tagger.py imports this file from the folder above

    source, out = options.work / options.model, options.out
    out.mkdir(parents=True, exist_ok=True)
    write_weights(source / "model.safetensors", out / "model.safetensors")
    (out / "tokenizer.json").write_bytes((source / "tokenizer.json").read_bytes())
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config = {k: v for k, v in config.items() if k not in ("transformers_version", "_name_or_path")}
    config |= {"dtype": "float32", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
    student, texts = Student.load(source), some_passages(options.gold)
    config["large_units"] = large_units(
        student.bert.encoder.layer, lambda: [student([ids]) for ids in student.eval().tokens(texts)]
    )
    write_json(out, "config.json", config)
    tensors = read_tensors((out / "model.safetensors").read_bytes())
    layers, width = config["num_hidden_layers"], config["hidden_size"]
    values = initializers(tensors, dict(enumerate(config["large_units"])))
    (out / "graph.onnx").write_bytes(graph(values, layers, config["num_attention_heads"], width))
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(MODULES.items())
    ]
    write_json(out, "modules.json", modules)
    write_json(out, "sentence_bert_config.json", {"max_seq_length": WINDOW + 2, "do_lower_case": False})
    write_json(out, "1_Pooling/config.json", {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True})
    specials = {f"{n}_token": f"[{n.upper()}]" for n in ("unk", "sep", "pad", "cls", "mask")}
    tokenizer = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": WINDOW + 2, **specials}
    tokenizer |= {"model_input_names": ["input_ids", "attention_mask"]}
    write_json(out, "tokenizer_config.json", tokenizer)
    training = json.loads((source / "training.json").read_text(encoding="utf-8"))
    card = {
        "name": "policydiff-small-1",
        "date": options.date,
        "what": "Danish-English sentence encoder, six layers, 384 dimensions, eight-bit floats",
        "languages": ["da", "en"],
        "licence": "Apache-2.0",
        "from": sources(training["base"]),
        "base": training["base"],
        "recipe": training["recipe"],
        "sets": training["sets"],
        "natural_left_out_ap": left_out(options.work, options.folds),
        "limits": "texts of public consultations; window 254 pieces, longer texts in parts; other languages not at all",
    }
    names = sorted(f.relative_to(out).as_posix() for f in out.rglob("*") if f.is_file() and f.name != "card.json")
    card["files"] = {n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in names}
    write_json(out, "card.json", card)
    print(sum((out / n).stat().st_size for n in names), "bytes")


if __name__ == "__main__":
    main()
