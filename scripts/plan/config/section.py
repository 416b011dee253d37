"""What every part of a configuration is made of: the base class of its sections, and the types of their keys.

All types are strict (`true` is no number, `1` no text), refuse NaN and infinity, and read text from the
command line. A section says of each key what it is (`description`, which is also the comment beside it in
config.yaml), an example, and its bounds; a key has a default only where it may be absent.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from plan.config.reading import read, read_list, read_mapping, read_null, read_whole_number
from plan.config.unknown import UnknownValueError

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]*$"
LAST_SEED = 2**32 - 1  # of numpy's RandomState, which scikit-learn takes
# The type of the errors of `expected`, for the messages.
EXPECTED = "expected"

T = TypeVar("T")


class Section(BaseModel):
    """A mapping of the configuration; its keys are attributes (`study.baselines["dsi"].training.epochs`).

    To hand a section to a command, dump it with `as_json` (or `as_dict`): these give the keys as YAML spells
    them, and only those that were written. A key that may be absent is None as an attribute and stays absent
    in a dump, so that a new key of this sort changes the settings of nobody who does not use it.
    """

    # Of the two engines for patterns, Rust's: in Python's `$` also matches before a newline at the end.
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, regex_engine="rust-regex"
    )

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return read_mapping(value)

    if not TYPE_CHECKING:  # for mypy an attribute that no class has stays an error

        def __getattr__(self, name: str) -> Any:
            """Asked for what is not there: a value that was refused, in a study with faults."""
            if name in type(self).model_fields:
                raise UnknownValueError(name)
            return super().__getattr__(name)

    def as_dict(self) -> dict[str, Any]:
        """The section as it was written, in values that JSON has.

        Raises:
            UnknownValueError: one of them was refused.
        """
        if not self.model_fields_set <= self.__dict__.keys():
            raise UnknownValueError(type(self).__name__)
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def as_json(self) -> str:
        """`as_dict` as JSON with sorted keys: one spelling for one meaning."""
        return json.dumps(self.as_dict(), sort_keys=True)


def expected(words: str) -> PydanticCustomError:
    """The error of a check that no bound expresses; the message says "found …, expected " and the words."""
    return PydanticCustomError(EXPECTED, "{words}", {"words": words})


def _each_once(values: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(values)) < len(values):
        raise expected("every value once")
    return values


class _Number:
    """Of a number: read from text, and dumped as it was written, since 0 and 0.0 are spelt differently."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any, validated: ValidatorFunctionWrapHandler) -> Any:
            value = read(value)
            number = validated(value)
            return value if isinstance(value, int) else number

        return core_schema.no_info_wrap_validator_function(
            validate,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda number: number),
        )


class OneOf:
    """Of a text: it is one of those given, which a Literal cannot list: `Annotated[str, OneOf(CRITERIA)]`."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(allowed)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.allowed))


class _Absent:
    """Of a key that may be absent: as an attribute it is None then, but null is refused where written."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def refuse_null(value: Any) -> Any:
            if value is None:
                raise PydanticCustomError("null", "null stands for no value here")
            return value

        return core_schema.no_info_before_validator_function(refuse_null, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        (written,) = [part for part in handler(schema)["anyOf"] if part != {"type": "null"}]
        return dict(written)


# Bounds come first, so that they stand in the schema and are checked after the value is read:
# Annotated[int, Field(ge=2), WHOLE].
WHOLE = BeforeValidator(read_whole_number)
NUMBER = _Number()
WholeNumber = Annotated[int, WHOLE]
Natural = Annotated[int, Field(ge=0), WHOLE]
Seed = Annotated[int, Field(ge=0, le=LAST_SEED), WHOLE]
Positive = Annotated[int, Field(ge=1), WHOLE]
Number = Annotated[float, NUMBER]
Flag = Annotated[bool, BeforeValidator(read)]
Text = Annotated[str, Field(min_length=1)]
TextOrNull = Annotated[str | None, BeforeValidator(read_null)]
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Listed = Annotated[tuple[T, ...], BeforeValidator(read_list)]
Distinct = Annotated[
    tuple[T, ...],
    Field(min_length=1, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
    BeforeValidator(read_list),
]
DistinctOrNone = Annotated[
    tuple[T, ...],
    Field(json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
    BeforeValidator(read_list),
]
Named = Annotated[Mapping[Name, T], BeforeValidator(read_mapping)]
OrNull = Annotated[T | None, BeforeValidator(read)]
MayBeAbsent = Annotated[T | None, _Absent()]
