"""The weights of T5's decoder layers (Raffel et al. 2020), in fp32 and apart from transformers' modules."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import gelu, linear, rms_norm


class Layer(NamedTuple):
    """The weights of one decoder layer, (outputs, inputs) each, and its norms' weights (d,)."""

    self_norm: Tensor
    q: Tensor
    k: Tensor
    v: Tensor
    o: Tensor
    cross_norm: Tensor
    cross_q: Tensor
    cross_k: Tensor
    cross_v: Tensor
    cross_o: Tensor
    feed_forward_norm: Tensor
    inputs: Tensor  # of a gated layer the gate's, then the other's
    outputs: Tensor
    eps: float
    gated: bool
    activation: Callable[[Tensor], Tensor]

    def feed_forward(self, state: Tensor) -> Tensor:
        """(P, d), without the residual."""
        inner = linear(norm(state, self.feed_forward_norm, self.eps), self.inputs)
        if not self.gated:
            return linear(self.activation(inner), self.outputs)
        gate, other = inner.chunk(2, dim=1)
        return linear(self.activation(gate).mul_(other), self.outputs)


def decoder_layer(block: Any) -> Layer:
    """The weights of one block of transformers' T5 decoder."""
    own, cross, feed_forward = block.layer
    dense = feed_forward.DenseReluDense
    gated = hasattr(dense, "wi_0")
    return Layer(
        self_norm=_weight(own.layer_norm),
        q=_weight(own.SelfAttention.q),
        k=_weight(own.SelfAttention.k),
        v=_weight(own.SelfAttention.v),
        o=_weight(own.SelfAttention.o),
        cross_norm=_weight(cross.layer_norm),
        cross_q=_weight(cross.EncDecAttention.q),
        cross_k=_weight(cross.EncDecAttention.k),
        cross_v=_weight(cross.EncDecAttention.v),
        cross_o=_weight(cross.EncDecAttention.o),
        feed_forward_norm=_weight(feed_forward.layer_norm),
        inputs=torch.cat([_weight(dense.wi_0), _weight(dense.wi_1)]) if gated else _weight(dense.wi),
        outputs=_weight(dense.wo),
        eps=own.layer_norm.variance_epsilon,
        gated=gated,
        activation=_fused(dense.act),
    )


def _weight(module: Any) -> Tensor:
    weight: Tensor = module.weight
    return weight.detach().float()


def _fused(activation: Any) -> Callable[[Tensor], Tensor]:
    """The same function in one pass where torch has it: transformers' `gelu_new` takes eight."""
    if type(activation).__name__ == "NewGELUActivation":
        return lambda inner: gelu(inner, approximate="tanh")
    given: Callable[[Tensor], Tensor] = activation
    return given


def norm(state: Tensor, weight: Tensor, eps: float) -> Tensor:
    """T5's layer norm: without a mean or a bias."""
    return rms_norm(state, (state.shape[-1],), weight, eps)
