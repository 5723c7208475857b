"""A tokenizer, sentences and a model small enough to train in seconds, all made here: nothing is downloaded."""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import signal
from itertools import product

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

torch.set_num_threads(1)  # quicker than several for a model of this size
STOPPED = 128 + signal.SIGTERM
_WORDS = (
    ("the", "a"),
    ("small", "old", "red", "quick"),
    ("cat", "dog", "fox", "hen"),
    ("sees", "likes", "follows"),
    ("the", "a"),
    ("cat", "dog", "fox", "hen"),
)


class StopRequest:
    """Whether SIGTERM came: SageMaker sends it before it takes the machine away."""

    def __init__(self) -> None:
        self.came = False
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, *_: object) -> None:
        self.came = True


def sentences() -> list[str]:
    """768 sentences of six words, the same on every host."""
    return [" ".join(words) for words in product(*_WORDS)]


def tokenizer() -> PreTrainedTokenizerFast:
    """One that knows the words of the sentences."""
    known = ["<pad>", "<eos>", "<unk>", *sorted({word for words in _WORDS for word in words})]
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(known)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")


def model(words: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    """A GPT-2 of two layers with random weights, the same on every host."""
    torch.manual_seed(0)
    shape = {"n_positions": 32, "n_embd": 32, "n_layer": 2, "n_head": 2}
    shape |= {"resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0}
    ends = {"bos_token_id": words.eos_token_id, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}
    return GPT2LMHeadModel(GPT2Config(vocab_size=len(words), **shape, **ends))
