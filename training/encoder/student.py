"""The student: a BERT encoder with mean pooling, its tokens in batches of about one length."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch.nn.functional import normalize
from transformers import BertConfig, BertModel

WINDOW = 256  # pieces, the specials included


class Student(torch.nn.Module):
    """BERT and tokenizer; ``forward`` gives unit rows."""

    def __init__(self, config: BertConfig, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=False)
        self.tokenizer = tokenizer
        tokenizer.no_padding()
        tokenizer.enable_truncation(WINDOW)

    @classmethod
    def load(cls, folder: Path, *, dropout: float = 0.0) -> "Student":
        """From a folder with config.json, tokenizer.json and model.safetensors (names of BertModel)."""
        raw = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        raw |= {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout, "dtype": "float32"}
        student = cls(BertConfig(**raw), Tokenizer.from_file(str(folder / "tokenizer.json")))
        weights = {k: v.float() for k, v in load_file(folder / "model.safetensors").items() if "position_ids" not in k}
        student.bert.load_state_dict({k: v for k, v in weights.items() if not k.startswith("pooler.")})
        return student

    def save(self, folder: Path) -> None:
        """In half precision, as ``load`` reads it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "config.json").write_text(self.bert.config.to_json_string(), encoding="utf-8")
        weights = {k: v.detach().half().cpu().contiguous() for k, v in self.bert.state_dict().items()}
        save_file(weights, folder / "model.safetensors")

    def tokens(self, texts: Sequence[str], length: int = WINDOW) -> list[list[int]]:
        """Piece ids with the special tokens, at most ``length``."""
        self.tokenizer.enable_truncation(length)
        return [e.ids for e in self.tokenizer.encode_batch(list(texts))]

    def forward(self, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        """Unit rows of texts given as piece ids."""
        x, mask = padded(ids, self.bert.device)
        hidden = self.bert(input_ids=x, attention_mask=mask).last_hidden_state.float()
        weight = mask.unsqueeze(-1).float()
        return normalize((hidden * weight).sum(1) / weight.sum(1), dim=-1)

    @torch.no_grad()
    def encode(self, texts: Sequence[str], *, length: int = WINDOW, pieces: int = 16_384) -> np.ndarray:
        """Unit rows, float32, without gradients."""
        self.eval()
        ids = self.tokens(texts, length)
        out = np.zeros((len(ids), self.bert.config.hidden_size), dtype=np.float32)
        for rows in by_length([len(i) for i in ids], pieces):
            with autocast(self.bert.device):
                out[rows] = self([ids[i] for i in rows]).float().cpu().numpy()
        return out


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 on a GPU, nothing on a CPU."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def padded(ids: Sequence[Sequence[int]], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, shape (texts, longest)."""
    x = np.zeros((len(ids), max(map(len, ids))), dtype=np.int64)
    mask = np.zeros_like(x)
    for i, row in enumerate(ids):
        x[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return torch.from_numpy(x).to(device), torch.from_numpy(mask).to(device)


def by_length(lengths: Sequence[int], pieces: int) -> Iterator[np.ndarray]:
    """Indices in batches of about one length and at most ``pieces`` padded pieces."""
    order = np.argsort(lengths, kind="stable")[::-1]
    start = 0
    while start < len(order):
        size = max(1, pieces // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size
