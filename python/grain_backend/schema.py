"""Checks a message against the dataclass that describes it."""

import dataclasses
import re
import types
import typing
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import numpy as np

# Arrays, whose type `parse` checks.
Uint8 = Annotated[np.ndarray, "uint8"]
Int32 = Annotated[np.ndarray, "int32"]
Float32 = Annotated[np.ndarray, "float32"]
Float64 = Annotated[np.ndarray, "float64"]

T = TypeVar("T")


class SchemaError(Exception):
    """A message has another form than agreed."""


def parse(kind: type[T], message: object, at: str = "message") -> T:
    """An instance of the dataclass, whose field `end_ids` is `endIds` in the message. Every field is there, and no other."""
    if not isinstance(message, dict):
        raise SchemaError(f"{at} is {type(message).__name__}. Expected an object")
    hints = typing.get_type_hints(kind, include_extras=True)
    names = {camel(field.name): field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if names.keys() != message.keys():
        raise SchemaError(f"{at} has the fields {sorted(message)}. Expected {sorted(names)}")
    values = {own: _checked(hints[own], message[name], f"{at}.{name}") for name, own in names.items()}
    return kind(**values)


def camel(name: str) -> str:
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)


def _checked(hint: Any, value: Any, at: str) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        return _checked(next(arg for arg in args if arg is not type(None)), value, at)
    if origin is typing.Annotated:
        if isinstance(value, np.ndarray) and value.dtype.name == args[1]:
            return value
        raise SchemaError(f"{at} is not an array of {args[1]}")
    if origin is Literal:
        if value in args:
            return value
        raise SchemaError(f"{at} is {value!r}. Expected one of {', '.join(map(str, args))}")
    if origin is list:
        if not isinstance(value, list):
            raise SchemaError(f"{at} is not a list")
        return [_checked(args[0], item, f"{at}[{index}]") for index, item in enumerate(value)]
    if dataclasses.is_dataclass(hint):
        return parse(typing.cast("type", hint), value, at)
    number = hint is float and isinstance(value, int) and not isinstance(value, bool)
    if number or (isinstance(value, hint) and isinstance(value, bool) == (hint is bool)):
        return hint(value)
    raise SchemaError(f"{at} is {value!r}. Expected {hint.__name__}")
