"""T5 models from random weights: docid retrievers and ranked-list models."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from transformers.models.t5.configuration_t5 import T5Config
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.docids.tokenizer import EOS_ID, PAD_ID
from dsi.docids.trie import alphabet

EMBEDDING = "shared.weight"


def build_model(
    settings: Mapping[str, Any], vocabulary: int, documents: int, seed: int
) -> T5ForConditionalGeneration:
    """A T5 with random weights and atomic docids.

    Args:
        settings: the shape, as under `model` of a docid baseline.
        vocabulary: V, the number of text pieces.
        documents: N, the number of docid tokens, with ids V … V + N - 1.
        seed: of the weights.
    """
    model = build_t5(settings, vocabulary + documents, seed)
    generation = model.generation_config
    assert generation is not None
    generation.max_new_tokens = 1
    generation.suppress_tokens = list(range(vocabulary))
    return model


def build_sequence_model(
    settings: Mapping[str, Any], vocabulary: int, identifiers: Sequence[Sequence[int]], seed: int
) -> T5ForConditionalGeneration:
    """A T5 with random weights and docids of several tokens; what `generate` scores is P(docid | query).

    Args:
        settings: the shape, as under `model` of a docid baseline.
        vocabulary: text pieces and new tokens.
        identifiers: the tokens of each document.
        seed: of the weights.
    """
    model = build_t5(settings, vocabulary, seed)
    generation = model.generation_config
    assert generation is not None
    generation.max_new_tokens = max(map(len, identifiers))
    generation.suppress_tokens = np.setdiff1d(np.arange(vocabulary), alphabet(identifiers)).tolist()
    # Beams add up log-probabilities from before the suppression unless they are told otherwise.
    generation.renormalize_logits = True
    return model


def build_t5(settings: Mapping[str, Any], vocabulary: int, seed: int) -> T5ForConditionalGeneration:
    """A T5 with random weights, embeddings normal with the configured standard deviation.

    Args:
        settings: the shape: d_model, d_kv, d_ff, num_heads, num_layers, num_decoder_layers, dropout,
            feed_forward and embedding_std.
        vocabulary: rows of the embedding.
        seed: of the weights.
    """
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=vocabulary,
        d_model=settings["d_model"],
        d_kv=settings["d_kv"],
        d_ff=settings["d_ff"],
        num_heads=settings["num_heads"],
        num_layers=settings["num_layers"],
        num_decoder_layers=settings["num_decoder_layers"],
        dropout_rate=settings["dropout"],
        feed_forward_proj=settings["feed_forward"],
        # The weights stay tied; this only turns off the d^-0.5 scaling of the output, with which
        # a small model from random weights learns slowly.
        tie_word_embeddings=False,
        pad_token_id=PAD_ID,
        eos_token_id=EOS_ID,
        decoder_start_token_id=PAD_ID,
    )
    model = T5ForConditionalGeneration(config)
    # T5's own initialisation gives embeddings of standard deviation 1, from which nothing is learnt.
    torch.nn.init.normal_(model.shared.weight, std=settings["embedding_std"])
    return model


def untie_head(model: T5ForConditionalGeneration) -> None:
    """Give the output head weights of its own, equal to the embedding's; nothing if it has them.

    Pruning a tied head would prune the embedding with it. A checkpoint in which the two differ loads
    untied.
    """
    if model.lm_head.weight is model.shared.weight:
        model.lm_head.weight = torch.nn.Parameter(model.shared.weight.detach().clone())
