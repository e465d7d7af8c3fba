"""Average the weights of encoders that grew from one another, and draw them a little towards the teacher.

    python -m training.average FOLDER FOLDER [--teacher 0.3] --out knowledge/models/compact-encoder

Runs that started from one another lie in one basin, where the mean of their weights is better than any of them (model
soups, Wortsman et al. 2022, arXiv:2203.05482); a share of what they were fine-tuned from gives back what they forgot
(WiSE-FT, Wortsman et al. 2022, arXiv:2109.01903). A token that not all of them know is averaged over those that do.
"""

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from training import teacher
from training.vocabulary import chinese

ROWS = "embeddings.word_embeddings.weight"
HEADS = ("sparse_linear.pt", "colbert_linear.pt")
Weights = dict[str, torch.Tensor]


def mixed(encoders: list[tuple[Weights, dict[str, int]]], shares: list[float]) -> Weights:
    """The weighted mean of (weights, vocabulary) pairs in the layout of the first; of a token, over those that have it."""
    first, vocabulary = encoders[0]
    total = {
        k: sum(s * w[k].float() for (w, _), s in zip(encoders, shares, strict=True)) / sum(shares)
        for k in first
        if k != ROWS
    }
    rows = torch.zeros_like(first[ROWS], dtype=torch.float32)
    for token, i in vocabulary.items():
        known = [(w[ROWS][v[token]].float(), s) for (w, v), s in zip(encoders, shares, strict=True) if token in v]
        rows[i] = sum(row * s for row, s in known) / sum(s for _, s in known)
    return total | {ROWS: rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="encoders; the first has the tokenizer that is kept")
    parser.add_argument("--teacher", type=float, default=0.3, help="the teacher's share, 0 to 1")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    encoders = [
        (load_file(f / "model.safetensors"), Tokenizer.from_file(str(f / "tokenizer.json")).get_vocab())
        for f in args.folders
    ]
    weights = mixed(encoders, [1.0] * len(encoders))
    tokenizer, network = teacher.load()
    known = {t: i for t, i in tokenizer.get_vocab().items() if not chinese(t)}
    weights = mixed([(weights, encoders[0][1]), (network.state_dict(), known)], [1 - args.teacher, args.teacher])
    heads = {
        name: mixed_heads([torch.load(f / name, weights_only=True) for f in args.folders]) for name in HEADS
    }  # read before the first folder is written to
    if args.out != args.folders[0]:
        shutil.copytree(args.folders[0], args.out, dirs_exist_ok=True)
    save_file({k: v.half().contiguous() for k, v in weights.items()}, args.out / "model.safetensors", metadata={"format": "pt"})  # fmt: skip
    for name, head in heads.items():
        torch.save(head, args.out / name)


def mixed_heads(heads: list[Weights]) -> Weights:
    return {k: (sum(h[k].float() for h in heads) / len(heads)).half() for k in heads[0]}


if __name__ == "__main__":
    main()
