"""Published rows to show beside the measured ones."""

from typing import Annotated

from pydantic import Field

from dsi.systems import DENSE_ARMS, PRUNED_ARMS
from plan.config.section import Flag, Number, OneOf, OrNull, Positive, Section, TextOrNull, WholeNumber


class PublishedRow(Section):
    """A row of a published table, and which measured system repeats it."""

    table: Positive = Field(description="number of the table", examples=[1])
    name: str = Field(description="the model, as the study calls it", examples=["t5-small"])
    baseline: str = Field(description="the baseline that repeats it", examples=["t5-small-k5"])
    arm: Annotated[str, OneOf([*DENSE_ARMS, *PRUNED_ARMS])] = Field(
        description="the arm that repeats it", examples=["dense"]
    )
    criterion: TextOrNull = Field(
        description="the pruning criterion; null: not pruned", examples=["magnitude"]
    )
    rate: OrNull[Number] = Field(description="the pruning rate; null: not pruned", examples=[0.2])
    K: Positive = Field(description="docids in a list", examples=[5])
    batch: Positive = Field(description="queries of an optimiser step", examples=[8])
    epochs: str = Field(description="epochs, as text: 25, or 10 + 15", examples=["10 + 15"])
    learning_rate: Number = Field(description="its learning rate", examples=[0.001])
    patience: OrNull[WholeNumber] = Field(description="its patience; null: none", examples=[5])
    loss: OrNull[Number] = Field(description="published test loss; null: not run", examples=[0.001])
    MAP: OrNull[Number] = Field(description="published MAP; null: not run", examples=[0.001])
    recall_at_1000: OrNull[Number] = Field(
        alias="R@1000", description="published Recall@1000; null: not run", examples=[0.001]
    )
    best: Flag = Field(description="whether the study calls it its best", examples=[False])
