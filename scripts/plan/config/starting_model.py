"""Where models of ranked-list baselines start: pre-trained weights, or random ones."""

from typing import Annotated

from pydantic import Field

from plan.config.section import WHOLE, MayBeAbsent, Section, Text
from plan.config.training import Architecture


class StartingModel(Section):
    """Pre-trained weights (hub or path), or random ones (architecture); a vocabulary, if not theirs."""

    hub: MayBeAbsent[Text] = Field(
        default=None, description="a repository of the Hugging Face hub", examples=["google-t5/t5-small"]
    )
    revision: MayBeAbsent[Text] = Field(
        default=None,
        description="a commit of the repository",
        examples=["df1b051c49625cf57a3d0d8d3863ed4d13564fe4"],
    )
    path: MayBeAbsent[Text] = Field(
        default=None, description="a local folder; preferred to the hub", examples=["models/t5-small"]
    )
    vocabulary: MayBeAbsent[Annotated[int, Field(ge=64), WHOLE]] = Field(
        default=None,
        description="at most so many pieces, trained on the collection and its docids",
        examples=[2048],
    )
    architecture: MayBeAbsent[Architecture] = Field(default=None, description="random weights of this shape")
