"""The loss over very many documents in chunks: the same loss and gradients as from one matrix."""

import math

import pytest
import torch

from dsi.training.objectives import chunked_loss
from dsi.training.objectives.chunked_loss import SparseTargets, Taught, chunked_cross_entropy
from dsi.training.objectives.docid import soft_cross_entropy

TEXTS, DOCUMENTS, WIDTH = 5, 37, 8


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def sparse_targets() -> SparseTargets:
    """Seven columns a text, one of them twice; nine tenths of the sum in them, a tenth in the rest."""
    generator = torch.Generator().manual_seed(3)
    columns = torch.stack([torch.randperm(DOCUMENTS, generator=generator)[:7] for _ in range(TEXTS)])
    columns[:, 6] = columns[:, 0]
    shares = torch.rand(TEXTS, 7, generator=generator)
    shares *= 0.9 / shares.sum(dim=1, keepdim=True)
    return SparseTargets(columns, shares, torch.full((TEXTS,), 0.1 / DOCUMENTS))


def dense(targets: SparseTargets) -> torch.Tensor:
    matrix = targets.rest[:, None].repeat(1, DOCUMENTS)
    for row, (columns, shares) in enumerate(zip(targets.columns, targets.shares, strict=True)):
        for column, share in zip(columns.tolist(), shares, strict=True):
            matrix[row, column] += share
    return matrix


def test_two_documents_by_hand() -> None:
    states, head = torch.tensor([[1.0]]), torch.tensor([[0.0], [math.log(3.0)]])
    targets = SparseTargets(torch.tensor([[1]]), torch.tensor([[0.5]]), torch.tensor([0.25]))
    loss = chunked_cross_entropy(states, head, targets)
    assert loss.item() == pytest.approx(-(0.25 * math.log(0.25) + 0.75 * math.log(0.75)))


def test_targets_of_ranges_are_those_of_all() -> None:
    targets = sparse_targets()
    ranges = [slice(0, 10), slice(10, 11), slice(11, DOCUMENTS)]
    found = torch.cat([targets.of(documents) for documents in ranges], dim=1)
    assert torch.allclose(found, dense(targets), atol=1e-7)
    assert torch.allclose(found.sum(dim=1), torch.ones(TEXTS))


@pytest.mark.parametrize("taught", [False, True])
@pytest.mark.parametrize("cells", [1, 3 * TEXTS, 10 * TEXTS, 2**22])
def test_loss_and_gradients_are_those_of_one_matrix(
    cells: int, taught: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunked_loss, "CELLS", cells)
    targets = sparse_targets()
    teacher = Taught(normal(TEXTS, 4, seed=4), normal(DOCUMENTS, 4, seed=5), 0.3, 2.0) if taught else None
    wanted = dense(targets)
    if teacher is not None:
        soft = torch.softmax(teacher.states @ teacher.head.T / 2.0, dim=1)
        wanted = 0.7 * wanted + 0.3 * soft
    states, head = normal(TEXTS, WIDTH, seed=1), normal(DOCUMENTS, WIDTH, seed=2)
    expected = [tensor.clone().requires_grad_() for tensor in (states, head)]
    found = [tensor.clone().requires_grad_() for tensor in (states, head)]
    reference = soft_cross_entropy(expected[0] @ expected[1].T, wanted)
    loss = chunked_cross_entropy(found[0], found[1], targets, teacher)
    assert loss.item() == pytest.approx(reference.item(), rel=1e-5)
    (3 * reference).backward()
    (3 * loss).backward()
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.grad is not None and theirs.grad is not None
        assert torch.allclose(ours.grad, theirs.grad, atol=1e-6)


def test_in_bfloat16_products_are_rounded_as_of_one_matrix() -> None:
    targets = sparse_targets()
    states, head = normal(TEXTS, WIDTH, seed=1).requires_grad_(), normal(DOCUMENTS, WIDTH, seed=2)
    with torch.autocast("cpu", torch.bfloat16):
        loss = chunked_cross_entropy(states, head, targets)
        reference = soft_cross_entropy((states @ head.T).float(), dense(targets))
    exact = chunked_cross_entropy(states, head, targets)
    assert loss.item() == pytest.approx(reference.item(), rel=1e-5)
    assert loss.item() != exact.item()
    (gradient,) = torch.autograd.grad(loss, states)
    (expected,) = torch.autograd.grad(exact, states)
    assert torch.allclose(gradient, expected, atol=2e-2)


def test_no_matrix_of_texts_by_documents_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunked_loss, "CELLS", 4 * TEXTS)
    sizes: list[int] = []

    class Sizes(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, arguments=(), named=None):  # type: ignore[no-untyped-def]
            result = function(*arguments, **(named or {}))
            sizes.extend(part.numel() for part in torch.utils._pytree.tree_leaves(result) if part is not None)
            return result

    head = normal(DOCUMENTS, 2, seed=2).requires_grad_()
    with Sizes():
        chunked_cross_entropy(normal(TEXTS, 2, seed=1), head, sparse_targets()).backward()
    assert max(sizes) == DOCUMENTS * 2 < TEXTS * DOCUMENTS
