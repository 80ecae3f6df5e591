"""What all messages have in common, and the numbers and names in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    """Base of all messages: immutable, no unknown fields, no numbers that JSON cannot say."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Gain = Annotated[float, Field(ge=0.0, le=2.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
SourceName = Annotated[str, Field(pattern=r"^[a-z_]{1,24}$")]
CoefficientName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,40}$")]
Coefficient = Annotated[float, Field(ge=-1000.0, le=1000.0)]
LookName = Annotated[str, Field(pattern=r"^[\w][\w .-]{0,39}$")]
