"""What training a T5 needs in memory: weights, gradients, optimiser state, masks, saved activations.

    python benchmarks/memory.py --k 5 --batch-size 8
    python benchmarks/memory.py --k 5 --batch-size 8 --untied    # E2 where the output head is pruned
    python benchmarks/memory.py --k 5 --batch-size 8 --csv results/bench/memory.csv

Counted, not measured: models are built and run without data (torch's meta device), and everything that
autograd keeps for the backward pass is summed. The framework, fragmentation and the largest temporary,
named `logits`, come on top. Shapes are those of google-t5/t5-small, -base and -large; labels hold 3.7
tokens a docid, as T5's tokenizer cuts those of MS MARCO.
"""

import argparse
import math
from pathlib import Path

import pandas as pd
import torch
from transformers.models.t5.configuration_t5 import T5Config
from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

SHAPES = {  # d_model, d_kv, d_ff, heads, layers
    "t5-small": (512, 64, 2048, 8, 6),
    "t5-base": (768, 64, 3072, 12, 12),
    "t5-large": (1024, 64, 4096, 16, 24),
}
VOCABULARY = 32128
TOKENS_OF_DOCID = 3.7
GB = 1e9
FLOAT = 4  # bytes


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--k", type=int, default=5, help="docids in a list (default 5)")
    parser.add_argument("--batch-size", type=int, default=8, help="queries of a step (default 8)")
    parser.add_argument("--input-tokens", type=int, default=24, help="of a query (default 24)")
    parser.add_argument(
        "--untied", action="store_true", help="the output head has weights of its own, and a mask"
    )
    parser.add_argument("--csv", type=Path, help="file to write, besides the table")
    arguments = parser.parse_args()

    rows = [
        {
            "model": name,
            "accumulate": accumulate,
            "checkpointing": checkpointing,
            **account(
                name,
                arguments.batch_size // accumulate,
                arguments.input_tokens,
                math.ceil(TOKENS_OF_DOCID * arguments.k) + 1,
                checkpointing,
                arguments.untied,
            ),
        }
        for name in SHAPES
        for accumulate, checkpointing in ((1, False), (2, False), (2, True))
    ]
    frame = pd.DataFrame(rows)
    if arguments.csv:
        arguments.csv.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(arguments.csv, index=False)
    print(frame.to_markdown(index=False, floatfmt=".2f"))


def account(
    name: str, batch: int, input_tokens: int, label_tokens: int, checkpointing: bool, untied: bool
) -> dict[str, float]:
    """GB of each part; `adam` and `adafactor` are totals with the one or the other."""
    model = empty_model(name)
    if checkpointing:
        model.gradient_checkpointing_enable()
    if untied:
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.shared.weight))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    linears = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    prunable = sum(module.weight.numel() for module in linears if untied or module is not model.lm_head)
    weights = FLOAT * parameters / GB
    activations = saved_bytes(model, batch, input_tokens, label_tokens) / GB
    # Adafactor: a row and a column of second moments for a matrix.
    factored = FLOAT * sum(sum(p.shape) if p.dim() > 1 else p.numel() for p in model.parameters()) / GB
    fixed = 2 * weights + prunable / GB + activations
    return {
        "parameters (M)": parameters / 1e6,
        "weights": weights,
        "gradients": weights,
        "Adam": 2 * weights,
        "Adafactor": factored,
        "masks": prunable / GB,
        "activations": activations,
        "logits": FLOAT * batch * label_tokens * VOCABULARY / GB,
        "total, Adam": fixed + 2 * weights,
        "total, Adafactor": fixed + factored,
    }


def empty_model(name: str) -> T5ForConditionalGeneration:
    """A T5 of the shape, without data."""
    d_model, d_kv, d_ff, heads, layers = SHAPES[name]
    config = T5Config(
        decoder_start_token_id=0,
        vocab_size=VOCABULARY,
        d_model=d_model,
        d_kv=d_kv,
        d_ff=d_ff,
        num_heads=heads,
        num_layers=layers,
    )
    with torch.device("meta"):
        return T5ForConditionalGeneration(config).train()


def saved_bytes(model: T5ForConditionalGeneration, batch: int, input_tokens: int, label_tokens: int) -> int:
    """Bytes that autograd keeps between forward and backward pass, parameters apart."""
    own = {id(parameter) for parameter in model.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        base = tensor._base if tensor._base is not None else tensor
        if id(base) not in own:
            kept[id(base)] = base  # held, so that no other tensor gets its id
        return tensor

    inputs = torch.zeros(batch, input_tokens, dtype=torch.long, device="meta")
    labels = torch.zeros(batch, label_tokens, dtype=torch.long, device="meta")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(input_ids=inputs, labels=labels, use_cache=False)
    return sum(tensor.numel() * tensor.element_size() for tensor in kept.values())


if __name__ == "__main__":
    main()
