"""Sparse matrix products that could make a pruned model faster, and where they break even."""

import copy
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

import torch
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

from dsi.efficiency.timing import interleaved, quartiles
from dsi.pruning.layers import LM_HEAD, linear_names, sees_encoder

Scorer = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

RATES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
# The first NVIDIA generation with sparse tensor cores.
SEMI_STRUCTURED_CAPABILITY = (8, 0)


class BreakEven(NamedTuple):
    """The rate from which CSR is faster than dense for a matrix at so many positions; None: at none."""

    rows: int
    columns: int
    positions: int
    rate: float | None


class CsrLinear(torch.nn.Module):
    """A Linear without bias whose weight (rows, columns) is held as compressed sparse rows."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = weight.detach().to_sparse_csr()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """(…, columns) → (…, rows)."""
        flat = inputs.reshape(-1, inputs.shape[-1])
        return (self.weight @ flat.T).T.reshape(*inputs.shape[:-1], -1)


def with_csr(
    model: T5ForConditionalGeneration, documents: int, measured: Iterable[BreakEven], batch: int, length: int
) -> Scorer | None:
    """A scorer with CSR for every matrix as sparse as its break-even; None where there is no such matrix."""
    rates = {entry[:3]: entry.rate for entry in measured}

    def pays(name: str, weight: torch.Tensor) -> bool:
        rate = rates.get((*weight.shape, positions_of(name, batch, length)))
        return rate is not None and sparsity_of(weight) >= rate

    parameters = dict(model.named_parameters())
    chosen = [name for name in linear_names(parameters) if pays(name, parameters[name])]
    head = pays(LM_HEAD, model.lm_head.weight[-documents:])
    if not chosen and not head:
        return None
    replaced = copy.deepcopy(model)
    for name in chosen:
        replaced.set_submodule(name.removesuffix(".weight"), CsrLinear(parameters[name]))
    return docid_scorer(replaced, documents, csr_head=head)


def semi_structured_obstacle(model: T5ForConditionalGeneration) -> str | None:
    """Why the model cannot run as 2:4 here; None if it can."""
    if not torch.cuda.is_available():
        return "no CUDA device; 2:4 needs one of compute capability 8.0 or more"
    if torch.cuda.get_device_capability() < SEMI_STRUCTURED_CAPABILITY:
        return f"{torch.cuda.get_device_name()} has no sparse tensor cores; 2:4 needs capability 8.0 or more"
    parameters = dict(model.named_parameters())
    if not any(is_two_of_four(parameters[name]) for name in linear_names(parameters)):
        return "no Linear has two zeros in each four consecutive inputs"
    return None


def is_two_of_four(weight: torch.Tensor) -> bool:
    """True if each four consecutive inputs have two zeros or more."""
    if weight.shape[1] % 4:
        return False
    return bool(((weight.reshape(-1, 4) == 0).sum(dim=1) >= 2).all())


def semi_structured(model: T5ForConditionalGeneration, documents: int) -> tuple[Scorer, Scorer]:
    """Scorers in float16 on the GPU: dense kernels, and sparse tensor cores where the weights are 2:4."""
    dense = copy.deepcopy(model).half().cuda()
    sparse = copy.deepcopy(dense)
    parameters = dict(sparse.named_parameters())
    for name in linear_names(parameters):
        if is_two_of_four(parameters[name]):
            linear = sparse.get_submodule(name.removesuffix(".weight"))
            compressed = torch.sparse.to_sparse_semi_structured(parameters[name].detach())
            linear.weight = torch.nn.Parameter(compressed, requires_grad=False)
    return docid_scorer(dense, documents), docid_scorer(sparse, documents)


def sparsity_of(weight: torch.Tensor) -> float:
    """Share of zeros."""
    return 1 - int(weight.count_nonzero()) / weight.numel()


def docid_scorer(model: T5ForConditionalGeneration, documents: int, *, csr_head: bool = False) -> Scorer:
    """A function (input_ids, attention_mask) → logits of every document, as `dsi.model.scoring.docid_logits`.

    Args:
        csr_head: hold the output head as compressed sparse rows.
    """
    rows = model.lm_head.weight.detach()[-documents:]
    head = CsrLinear(rows) if csr_head else partial(torch.nn.functional.linear, weight=rows)

    @torch.inference_mode()
    def score(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        encoded = model.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        decoded = model.decoder(
            input_ids=torch.full_like(input_ids[:, :1], model.config.decoder_start_token_id),
            encoder_hidden_states=encoded,
            encoder_attention_mask=attention_mask,
            use_cache=False,
        )[0][:, 0]
        logits: torch.Tensor = head(decoded)
        return logits

    return score


def positions_of(name: str, batch: int, length: int) -> int:
    """Positions that a Linear or the head sees for a batch of queries of so many tokens."""
    return batch * length if sees_encoder(name) else batch


def sparse_shapes(
    model: T5ForConditionalGeneration, documents: int, batch: int, length: int
) -> set[tuple[int, int, int]]:
    """Distinct (rows, columns, positions) of the Linears, and the head, that may be sparse enough for CSR."""
    parameters = dict(model.named_parameters())
    matrices = {name: parameters[name] for name in linear_names(parameters)}
    matrices[LM_HEAD] = model.lm_head.weight[-documents:]
    return {
        (*matrix.shape, positions_of(name, batch, length))
        for name, matrix in matrices.items()
        if sparsity_of(matrix) >= RATES[0]
    }


def csr_break_even(rows: int, columns: int, positions: int, rounds: int = 20) -> BreakEven:
    """Measure from which of RATES on, and at all above, CSR is faster than the dense product."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(positions, columns, generator=generator)
    dense = torch.nn.Linear(columns, rows, bias=False)
    lowest = None
    for rate in reversed(RATES):
        kept = torch.rand(rows, columns, generator=generator) >= rate
        sparse = CsrLinear(dense.weight.detach() * kept)
        with torch.inference_mode():
            calls = {"dense": partial(dense, inputs), "csr": partial(sparse, inputs)}
            samples = interleaved(calls, rounds, warmup=3)
        if quartiles(samples["csr"]).median >= quartiles(samples["dense"]).median:
            break
        lowest = rate
    return BreakEven(rows, columns, positions, lowest)
