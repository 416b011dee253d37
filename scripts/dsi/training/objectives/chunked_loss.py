"""Cross-entropy over very many documents, without a matrix of texts by documents.

Logits, targets and their gradients are made of a chunk of documents at a time: once for the sum over all
documents, and once more, that sum being known, for the loss and the gradients of the decoder's states and of
the output head, which are computed in the forward pass (as in Wijmans et al. 2024, "Cut your losses in
large-vocabulary language models"). It is the loss of `dsi.training.objectives.docid.soft_cross_entropy`, no
approximation; sums are taken in another order.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch

CELLS = 2**22  # of texts by documents that are made at a time: 16 MB of float32


class SparseTargets(NamedTuple):
    """Target distributions over N documents, most of which have the same small share.

    columns: (B, K) int64, documents; shares: (B, K) float32, what each has besides `rest`, summed where it
    stands twice; rest: (B,) float32, what every document has.
    """

    columns: torch.Tensor
    shares: torch.Tensor
    rest: torch.Tensor

    def of(self, documents: slice) -> torch.Tensor:
        """The targets of a range of documents, (B, their number)."""
        width = documents.stop - documents.start
        places = self.columns - documents.start
        shares = torch.where((places >= 0) & (places < width), self.shares, 0)
        spread = self.rest[:, None].repeat(1, width)
        return spread.scatter_add_(1, places.clamp(0, width - 1), shares)


class Taught(NamedTuple):
    """A model's distribution, that has a share of the targets: softmax(states · headᵀ / temperature).

    states: (B, d'), head: (N, d'); weight: the share.
    """

    states: torch.Tensor
    head: torch.Tensor
    weight: float
    temperature: float


def chunked_cross_entropy(
    states: torch.Tensor, head: torch.Tensor, targets: SparseTargets, taught: Taught | None = None
) -> torch.Tensor:
    """The mean over texts of -Σ target · log softmax(states · headᵀ); a scalar.

    Args:
        states: (B, d) of texts; head: (N, d) of documents.
        targets: rows that sum to 1.
        taught: what the targets are mixed with.
    """
    loss: torch.Tensor = _ChunkedLoss.apply(states, head, targets, taught)  # type: ignore[no-untyped-call]
    return loss


class _ChunkedLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, states: torch.Tensor, head: torch.Tensor, targets: SparseTargets, taught: Taught | None
    ) -> torch.Tensor:
        sums = _log_sums(states, head)
        taught_sums = None if taught is None else _log_sums(taught.states, taught.head, taught.temperature)
        expected = torch.zeros_like(sums)  # Σ target · logit
        of_states = torch.zeros_like(states, dtype=torch.float32)
        of_head = torch.empty_like(head)
        for documents in _chunks(len(states), len(head)):
            logits = (states @ head[documents].T).float()
            wanted = targets.of(documents)
            if taught is not None and taught_sums is not None:
                soft = (taught.states @ taught.head[documents].T).float() / taught.temperature
                wanted.lerp_((soft - taught_sums[:, None]).exp_(), taught.weight)
            expected += (wanted * logits).sum(dim=1)
            errors = logits.sub_(sums[:, None]).exp_().sub_(wanted).div_(len(states))
            of_states += errors @ head[documents]
            of_head[documents] = errors.T @ states
        ctx.save_for_backward(of_states.to(states.dtype), of_head)
        return (sums - expected).mean()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        of_states, of_head = ctx.saved_tensors
        return of_states * gradients[0], of_head * gradients[0], None, None


def _log_sums(states: torch.Tensor, head: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    """log Σ exp(logit / temperature) over all documents, (B,) float32."""
    sums = torch.full((len(states),), -torch.inf, device=states.device)
    for documents in _chunks(len(states), len(head)):
        logits = (states @ head[documents].T).float() / temperature
        sums = torch.logaddexp(sums, logits.logsumexp(dim=1))
    return sums


def _chunks(texts: int, documents: int) -> Iterator[slice]:
    """Ranges that cover all documents, each of so few that texts by documents are CELLS at most."""
    width = max(1, CELLS // texts)
    return (slice(first, min(first + width, documents)) for first in range(0, documents, width))
