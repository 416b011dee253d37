"""T5 models from random weights (Raffel et al. 2020): docid retrievers and ranked-list models."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from transformers.models.t5.configuration_t5 import T5Config
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.tokenizer import EOS_ID, PAD_ID
from dsi.docids.trie import alphabet

EMBEDDING = "shared.weight"  # the embedding's name among the weights


class Shape(NamedTuple):
    """The shape of a T5.

    d_model: width; d_kv: of each head; d_ff: of the feed-forward layers; num_heads: of every attention;
    num_layers, num_decoder_layers: of encoder and decoder; dropout: its rate; feed_forward: the activation,
    as transformers names it (`relu`, `gated-gelu`); embedding_std: standard deviation of the embedding's
    initial weights.
    """

    d_model: int
    d_kv: int
    d_ff: int
    num_heads: int
    num_layers: int
    num_decoder_layers: int
    dropout: float
    feed_forward: str
    embedding_std: float

    @classmethod
    def of(cls, settings: "Shape | Mapping[str, Any]") -> "Shape":
        """The shape in a mapping, such as `model` of a docid baseline; its other keys are left out."""
        if isinstance(settings, Shape):
            return settings
        return cls(**{name: settings[name] for name in cls._fields})


def build_model(
    shape: Shape | Mapping[str, Any], vocabulary: int, documents: int, seed: int
) -> T5ForConditionalGeneration:
    """A T5 with random weights and atomic docids.

    Args:
        shape: a Shape, or a mapping that holds one.
        vocabulary: V, the number of text pieces.
        documents: N, the number of docid tokens, with ids V … V + N - 1.
        seed: of the weights.
    """
    model = build_t5(shape, vocabulary + documents, seed)
    generation = model.generation_config
    assert generation is not None
    generation.max_new_tokens = 1
    generation.suppress_tokens = list(range(vocabulary))
    return model


def build_sequence_model(
    shape: Shape | Mapping[str, Any], vocabulary: int, identifiers: Sequence[Sequence[int]], seed: int
) -> T5ForConditionalGeneration:
    """A T5 with random weights and docids of several tokens; what `generate` scores is P(docid | query).

    Args:
        shape: a Shape, or a mapping that holds one.
        vocabulary: text pieces and new tokens.
        identifiers: the tokens of each document.
        seed: of the weights.
    """
    model = build_t5(shape, vocabulary, seed)
    generation = model.generation_config
    assert generation is not None
    generation.max_new_tokens = max(map(len, identifiers))
    generation.suppress_tokens = np.setdiff1d(np.arange(vocabulary), alphabet(identifiers)).tolist()
    # Beams add up log-probabilities from before the suppression unless they are told otherwise.
    generation.renormalize_logits = True
    return model


def build_t5(shape: Shape | Mapping[str, Any], vocabulary: int, seed: int) -> T5ForConditionalGeneration:
    """A T5 with random weights; those of the embedding are normal with the shape's standard deviation.

    Args:
        shape: a Shape, or a mapping that holds one.
        vocabulary: rows of the embedding.
        seed: of the weights.
    """
    shape = Shape.of(shape)
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=vocabulary,
        d_model=shape.d_model,
        d_kv=shape.d_kv,
        d_ff=shape.d_ff,
        num_heads=shape.num_heads,
        num_layers=shape.num_layers,
        num_decoder_layers=shape.num_decoder_layers,
        dropout_rate=shape.dropout,
        feed_forward_proj=shape.feed_forward,
        # The weights stay tied; this only turns off the d^-0.5 scaling of the output, with which
        # a small model from random weights learns slowly.
        tie_word_embeddings=False,
        pad_token_id=PAD_ID,
        eos_token_id=EOS_ID,
        decoder_start_token_id=PAD_ID,
    )
    model = T5ForConditionalGeneration(config)
    # T5's own initialisation gives embeddings of standard deviation 1, from which nothing is learnt.
    torch.nn.init.normal_(model.shared.weight, std=shape.embedding_std)
    return model


def untie_head(model: T5ForConditionalGeneration) -> None:
    """Give the output head weights of its own, equal to the embedding's; nothing if it has them.

    Pruning a tied head would prune the embedding with it. A checkpoint in which the two differ loads
    untied.
    """
    if model.lm_head.weight is model.shared.weight:
        model.lm_head.weight = torch.nn.Parameter(model.shared.weight.detach().clone())
