"""Calibration: what the data says about each weight, for criteria that ask.

Inputs of every Linear for Wanda and SparseGPT, by hooks in the forward pass, padding left out; and squared
gradients for Fisher.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.model.masks import Tensors
from dsi.model.scoring import attended
from dsi.pruning.apply import prune
from dsi.pruning.evidence import Evidence, Pruned
from dsi.pruning.layers import EMBEDDING, LM_HEAD, sees_encoder, sublayers


class CalibrationBatch(NamedTuple):
    """Inputs of one forward pass, all (B, length) int64; masks are 1 at tokens and 0 at padding."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    decoder_input_ids: torch.Tensor
    decoder_attention_mask: torch.Tensor


def docid_batch(
    model: T5ForConditionalGeneration, input_ids: torch.Tensor, attention_mask: torch.Tensor
) -> CalibrationBatch:
    """A batch of the task `docid`: the decoder sees its start token only."""
    start = torch.full_like(input_ids[:, :1], model.config.decoder_start_token_id)
    return CalibrationBatch(input_ids, attention_mask, start, torch.ones_like(start))


def input_hessians(
    model: T5ForConditionalGeneration, names: Sequence[str], batches: Iterable[CalibrationBatch]
) -> Tensors:
    """Σ x xᵀ over the inputs x of each named Linear, (columns, columns) float64 on the CPU.

    Padding positions do not count. The output head's inputs are the decoder's outputs; an embedding has
    none and is left out.
    """
    linears = {name: model.get_submodule(name.removesuffix(".weight")) for name in names if name != EMBEDDING}
    hessians: Tensors = {}
    if not linears:
        return hessians
    device = model.device
    was_training = model.training
    model.eval()
    with torch.no_grad(), _captured(model, linears) as inputs:
        for batch in batches:
            on_device = CalibrationBatch(*(tensor.to(device) for tensor in batch))
            _forward(model, on_device)
            for name in linears:
                rows = inputs[name][_positions(name, on_device).bool()].float()  # (positions, columns)
                product = (rows.T @ rows).double().cpu()
                hessians[name] = hessians[name] + product if name in hessians else product
    model.train(was_training)
    return hessians


def prune_calibrated(
    model: T5ForConditionalGeneration,
    weights: Tensors,
    names: Sequence[str],
    criterion: str,
    rate: float,
    batches: Sequence[CalibrationBatch],
) -> Pruned:
    """Prune sublayer by sublayer, each judged by the inputs that it gets from those pruned before it.

    As Wanda and SparseGPT do. Hessians of one sublayer are held at a time. The model's weights become the
    pruned ones.

    Args:
        weights: the checkpoint's, which are also the model's.

    Raises:
        PruningError: as `dsi.pruning.apply.prune`.
    """
    parameters = dict(model.named_parameters())
    pruned = dict(weights)
    masks: Tensors = {}
    for members in sublayers(names).values():
        evidence = Evidence(hessians=input_hessians(model, members, batches))
        done = prune({name: pruned[name] for name in members}, members, criterion, rate, evidence)
        pruned |= done.weights
        masks |= done.masks
        with torch.no_grad():
            for name in members:
                parameters[name].copy_(pruned[name])
    return Pruned(pruned, masks)


def squared_gradients(
    model: T5ForConditionalGeneration, names: Sequence[str], losses: Iterable[torch.Tensor]
) -> Tensors:
    """mean_b (∂L_b/∂w)² of each named weight over losses L_b, on the CPU: the empirical Fisher's diagonal.

    Args:
        losses: mean losses of batches, of the model as it is; one is computed when it is asked for.
    """
    parameters = {name: parameter for name, parameter in model.named_parameters() if name in set(names)}
    sums = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    batches = 0
    for loss in losses:
        batches += 1
        model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for name, parameter in parameters.items():
                if parameter.grad is not None:
                    sums[name].addcmul_(parameter.grad, parameter.grad)
    model.zero_grad()
    return {name: (total.detach() / batches).cpu() for name, total in sums.items()}


def _forward(model: T5ForConditionalGeneration, batch: CalibrationBatch) -> None:
    """Encoder and decoder; the head is left out, as its inputs are known without it."""
    mask = attended(batch.attention_mask, batch.input_ids.shape[1])
    encoded = model.encoder(input_ids=batch.input_ids, attention_mask=mask)[0]
    model.decoder(
        input_ids=batch.decoder_input_ids,
        attention_mask=batch.decoder_attention_mask,
        encoder_hidden_states=encoded,
        encoder_attention_mask=attended(batch.attention_mask, batch.decoder_input_ids.shape[1]),
        use_cache=False,
    )


@contextmanager
def _captured(
    model: T5ForConditionalGeneration, linears: Mapping[str, torch.nn.Module]
) -> Iterator[dict[str, torch.Tensor]]:
    """While it lasts, each forward pass leaves every Linear's input, (B, length, columns), by name."""
    inputs: dict[str, torch.Tensor] = {}

    def keep(name: str, value: torch.Tensor) -> None:
        inputs[name] = value

    handles = [
        linear.register_forward_pre_hook(lambda _, arguments, name=name: keep(name, arguments[0]))
        for name, linear in linears.items()
        if name != LM_HEAD
    ]
    if LM_HEAD in linears:
        handles.append(model.decoder.register_forward_hook(lambda _, __, output: keep(LM_HEAD, output[0])))
    try:
        yield inputs
    finally:
        for handle in handles:
            handle.remove()


def _positions(name: str, batch: CalibrationBatch) -> torch.Tensor:
    """Which positions of a Linear's input are tokens, (B, length).

    Cross-attention's k and v are in the decoder and see the encoder's.
    """
    return batch.attention_mask if sees_encoder(name) else batch.decoder_attention_mask
