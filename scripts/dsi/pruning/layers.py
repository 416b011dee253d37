"""The layers of a T5: which weights of a checkpoint pruning may take, and the sublayers they are in.

Works on named tensors as safetensors holds them, so that pruning needs neither a model class nor
`torch.nn.utils.prune`, whose reparametrisation triples the memory and whose removal prunes T5's tied
embedding.
"""

import re
from collections.abc import Iterable, Mapping

import torch

from dsi.pruning.errors import PruningError
from dsi.pruning.registry import Part

EMBEDDING = "shared.weight"
LM_HEAD = "lm_head.weight"
# Every torch.nn.Linear of a T5, lm_head apart: attention projections and feed-forward layers.
_LINEAR = re.compile(r"\.(q|k|v|o|wi|wi_0|wi_1|wo)\.weight$")
_SUBLAYER = re.compile(r"^(encoder|decoder)\.block\.(\d+)\.layer\.(\d+)\.(\w+)\.")
_CROSS_INPUTS = (".EncDecAttention.k.weight", ".EncDecAttention.v.weight")
# Where the decoder sees one position, a softmax over it is 1 whatever q and k are; and what the first block
# does before its cross-attention it does to the start token, the same for every query.
_IDLE = re.compile(r"^decoder\.block\.\d+\.layer\.0\.SelfAttention\.[qk]\.weight$")
_CONSTANT = re.compile(
    r"^decoder\.block\.0\.(layer\.0\.SelfAttention\.[vo]|layer\.1\.EncDecAttention\.q)\.weight$"
)
_OF_PART = {"encoder": "encoder.", "decoder": "decoder.", "cross": ".EncDecAttention."}
STACKS = ("encoder", "decoder")
KINDS = ("attention", "feed_forward")
# T5's names for what is in a sublayer, and ours.
_PARTS = {
    "SelfAttention": "attention",
    "EncDecAttention": "cross_attention",
    "DenseReluDense": "feed_forward",
}


def linear_names(weights: Mapping[str, torch.Tensor]) -> list[str]:
    """Names of the Linear weights of a T5 checkpoint, lm_head apart, sorted."""
    return sorted(name for name in weights if _LINEAR.search(name))


def effective_names(weights: Mapping[str, torch.Tensor], one_step: bool) -> list[str]:
    """Names of the Linears, lm_head apart, that can matter to a ranking, sorted.

    Those that change the model's output, and whose own is not the same whatever is asked. All can if docids
    have several tokens: the decoder's first block then sees what is written before. Atomic docids take one
    step. Self-attention over that one position gives o(v(x)) in every block, whatever its q and k are. In the
    first block x is the start token, so that v and o of self-attention, and q of cross-attention, compute
    what is the same for every query: no weight of theirs can hold anything about one. Every later block sees
    the query through the cross-attention before it.

    Args:
        one_step: the model decodes one step only (atomic docids).
    """
    names = linear_names(weights)
    return [name for name in names if not (one_step and (_IDLE.match(name) or _CONSTANT.match(name)))]


def names_of_part(names: Iterable[str], part: Part) -> list[str]:
    """Those of some Linears' names that are in one part of a T5; the decoder's include cross-attention.

    Raises:
        PruningError: there are none.
    """
    found = [name for name in names if _OF_PART[part] in name]
    if not found:
        raise PruningError(
            f"pruning.stacks, pruning.kinds: found no weights of the part {part} among those to prune, "
            "expected some, for example stacks: [encoder, decoder] and kinds: [attention, feed_forward]"
        )
    return found


def sees_encoder(name: str) -> bool:
    """True if a Linear's inputs are the query's tokens: the encoder's, and cross-attention's k and v."""
    return name.startswith("encoder.") or name.endswith(_CROSS_INPUTS)


def prunable_names(
    weights: Mapping[str, torch.Tensor],
    lm_head: bool = False,
    embedding: bool = False,
    *,
    stacks: Iterable[str] = STACKS,
    kinds: Iterable[str] = KINDS,
) -> list[str]:
    """Names of the weights to prune: the Linears of some layers, and the embedding or head if asked for.

    Args:
        stacks: any of STACKS: whose Linears are pruned.
        kinds: any of KINDS: which of their Linears; attention includes the decoder's cross-attention.

    Raises:
        PruningError: lm_head is asked for alone, but the checkpoint ties it to the embedding; a stack
            or kind is unknown; or there is nothing to prune.
    """
    stacks, kinds = _known("stacks", stacks, STACKS), _known("kinds", kinds, KINDS)
    names = [name for name in linear_names(weights) if _selected(name, stacks, kinds)]
    if embedding:
        names.append(EMBEDDING)
    if lm_head and LM_HEAD in weights:
        names.append(LM_HEAD)
    elif lm_head and not embedding:
        raise PruningError(
            "pruning.lm_head: true, but this model ties lm_head to the embedding, so pruning one "
            "prunes both; set pruning.embedding: true as well, or pruning.lm_head: false"
        )
    if not names:
        raise PruningError(
            f"found stacks {stacks} and kinds {kinds}, which leave nothing to prune; expected at least one "
            "of each, or the embedding or lm_head, for example stacks ['encoder', 'decoder'] and kinds "
            "['attention', 'feed_forward']"
        )
    return sorted(names)


def sublayers(names: Iterable[str]) -> dict[str, list[str]]:
    """The names by sublayer in the order of computation: `encoder.0.attention`, …, `lm_head`.

    The embedding comes first, the output head last.
    """
    groups: dict[tuple[int, int, int], tuple[str, list[str]]] = {}
    for name in sorted(names):
        found = _SUBLAYER.match(name)
        if found:
            stack, block, layer, part = found.groups()
            order = (STACKS.index(stack), int(block), int(layer))
            label = f"{stack}.{block}.{_PARTS[part]}"
        else:
            order = (len(STACKS) if name == LM_HEAD else -1, 0, 0)
            label = name.removesuffix(".weight") if name == LM_HEAD else "embedding"
        groups.setdefault(order, (label, []))[1].append(name)
    return {label: members for _, (label, members) in sorted(groups.items())}


def _selected(name: str, stacks: Iterable[str], kinds: Iterable[str]) -> bool:
    kind = "feed_forward" if ".DenseReluDense." in name else "attention"
    return name.partition(".")[0] in stacks and kind in kinds


def _known(key: str, found: Iterable[str], expected: tuple[str, ...]) -> list[str]:
    chosen = list(found)
    if not set(chosen) <= set(expected):
        raise PruningError(f"pruning.{key}: found {chosen}, expected some of {', '.join(expected)}")
    return chosen
