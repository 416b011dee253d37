"""How a model is trained before it is pruned, and T5's shape: what baselines of both tasks have."""

from typing import Annotated, Literal

from pydantic import Field

from plan.config.section import (
    NUMBER,
    Flag,
    Listed,
    MayBeAbsent,
    Number,
    OrNull,
    Positive,
    Section,
    WholeNumber,
)

DecayRate = Annotated[float, Field(ge=0, lt=1), NUMBER]


class Architecture(Section):
    """T5's shape, with random weights (transformers' T5Config)."""

    d_model: Positive = Field(description="width of the residual stream", examples=[128])
    d_kv: Positive = Field(description="width of one attention head", examples=[32])
    d_ff: Positive = Field(description="width of the feed-forward layers", examples=[512])
    num_heads: Positive = Field(description="attention heads", examples=[4])
    num_layers: Positive = Field(description="encoder layers", examples=[1])
    num_decoder_layers: Positive = Field(description="decoder layers", examples=[1])
    dropout: Number = Field(description="dropout rate in training", examples=[0.1], ge=0, lt=1)
    feed_forward: Literal["gated-gelu", "relu"] = Field(
        description="gated-gelu, or relu, as in the original T5",
        examples=["gated-gelu"],
    )
    embedding_std: Number = Field(
        description="standard deviation of the embeddings at the start", examples=[0.1], gt=0
    )


class Training(Section):
    """E1, the training before pruning."""

    epochs: Positive = Field(description="E1: epochs before pruning", examples=[14])
    batch_size: Positive = Field(description="examples per optimiser step", examples=[128])
    accumulate: Positive = Field(
        description="backward passes that make up a step; 2 halves their memory",
        examples=[1],
    )
    optimiser: Literal["adamw", "adam", "adafactor"] = Field(
        description="adamw, adam, or adafactor, which needs half the memory", examples=["adamw"]
    )
    betas: Listed[DecayRate] = Field(
        description="decay rates of Adam's moments", examples=[[0.9, 0.999]], min_length=2, max_length=2
    )
    eps: Number = Field(description="Adam's epsilon", examples=[1e-08], gt=0)
    learning_rate: Number = Field(
        description="peak of the schedule, after a linear warm-up", examples=[0.002], gt=0
    )
    schedule: Literal["cosine", "constant"] = Field(
        description="after the warm-up: cosine, down to 0, or constant", examples=["cosine"]
    )
    warmup: Number = Field(description="fraction of the steps that warm up", examples=[0.05], ge=0, lt=1)
    weight_decay: Number = Field(description="on matrices only", examples=[0.1], ge=0)
    gradient_clip: OrNull[Annotated[float, Field(gt=0), NUMBER]] = Field(
        description="largest norm of the gradient; null: no limit", examples=[1.0]
    )
    patience: OrNull[Positive] = Field(
        description="epochs without a better validation loss before stopping, if nothing is pruned; "
        "null: never",
        examples=[5],
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        description="auto: bf16 where the processor has it, else fp32; or bf16, fp32", examples=["auto"]
    )
    checkpointing: Flag = Field(
        description="recompute activations instead of keeping them: less memory, slower", examples=[False]
    )
    max_tokens: WholeNumber = Field(description="longest input, in tokens", examples=[16], ge=2)
    devices: MayBeAbsent[Positive] = Field(
        default=None,
        description="processes that share each batch, each on a GPU of its own, or with `threads` of the "
        "processor; absent: 1",
        examples=[2],
    )
