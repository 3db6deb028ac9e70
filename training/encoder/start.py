"""Step 3: the start, the teacher's layers under the joint vocabulary (trans-tokenisation, Remy et al. 2024).

A new piece gets the mean of the teacher's embeddings of its translations, weighted with both directions of the
alignment; a piece that both languages write alike is blended by how often Danish uses it.

    python training/encoder/start.py --work DIR [--teacher DIR]
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from student import Student
from tokenizers import Tokenizer
from transformers import BertConfig
from vocabulary import load_tokenizer, teacher_folder

TABLE = "embeddings.word_embeddings.weight"


def translated(table: np.ndarray, aligned: dict[str, np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean embedding of each piece's translations, shape (size, d), and whether it has any."""
    weight = aligned["forward"] * (0.02 + aligned["backward"])
    total = np.bincount(aligned["piece"], weight, size)
    known = total > 0
    share = weight / total[aligned["piece"]]
    mean = np.zeros((size, table.shape[1]), dtype=np.float32)
    np.add.at(mean, aligned["piece"], share[:, None].astype(np.float32) * table[aligned["target"]])
    # a mean of several vectors is shorter than one: keep the length of a single piece's
    typical = np.bincount(aligned["piece"], share * np.linalg.norm(table, axis=1)[aligned["target"]], size)
    centre = table[1000:].mean(0)
    stretch = np.clip(typical / np.maximum(np.linalg.norm(mean, axis=1), 1e-6), 1, 1.6)[:, None]
    return np.where(known[:, None], centre + (mean - centre) * stretch, 0).astype(np.float32), known


def embeddings(table: np.ndarray, aligned: dict[str, np.ndarray], joint: Tokenizer, teacher: Tokenizer) -> np.ndarray:
    """The joint vocabulary's embeddings, shape (pieces, d)."""
    known_pieces = teacher.get_vocab()
    mean, translates = translated(table, aligned, joint.get_vocab_size())
    out = mean.copy()
    for piece, i in joint.get_vocab().items():
        own = known_pieces.get(piece)
        if own is not None:
            danish, english = aligned["danish"][i], aligned["english"][own]
            word = translates[i] and danish > 30 and piece[0] != "[" and any(c.isalpha() for c in piece)
            share = danish / (danish + english + 20) if word else 0.0
            out[i] = share * mean[i] + (1 - share) * table[own]
        elif not translates[i]:
            ids = teacher.encode(piece.removeprefix("##"), add_special_tokens=False).ids
            out[i] = table[ids].mean(0) if ids else table[1000:].mean(0)
    return out


def main() -> None:
    """Write the folder ``start`` into the work folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, help="folder of all-MiniLM-L6-v2; default: the installed package's")
    options = parser.parse_args()

    folder = options.teacher or teacher_folder()
    teacher, joint = load_tokenizer(folder), load_tokenizer(options.work)
    weights = {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
    weights = {k: v for k, v in weights.items() if "position_ids" not in k and not k.startswith("pooler.")}
    aligned = dict(np.load(options.work / "alignment.npz"))
    weights[TABLE] = torch.from_numpy(embeddings(weights[TABLE].numpy(), aligned, joint, teacher))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | {"vocab_size": joint.get_vocab_size()}
    student = Student(BertConfig(**config), joint)
    student.bert.load_state_dict(weights)
    student.save(options.work / "start")


if __name__ == "__main__":
    main()
