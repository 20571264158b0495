"""What a variable will be when a transaction's own changes are applied, told as the server will judge them."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NoReturn, cast

from . import _update_wire as updates
from . import _wire as wire
from ._errors import IntegerOverflowError, InvalidArgumentError, TypeMismatchError
from ._values import decode, encode

_MIN_INTEGER: Final = -(2**63)
_MAX_INTEGER: Final = 2**64 - 1


def after(name: str, before: wire.Encoded | None, changes: Iterable[updates.Change]) -> wire.Encoded | None:
    """The variable after the changes, None when there is none.

    Raises:
        TypeMismatchError: A change does not fit what is there.
        IntegerOverflowError: A number leaves the 64-bit range.
    """
    now = before
    for change in changes:
        match change:
            case updates.Set(encoded):
                now = encoded
            case updates.Delete():
                now = None
            case _:
                now = wire.Encoded(encode(_edited(name, now, change), name=name)[0])
    return now


def _edited(name: str, now: wire.Encoded | None, change: updates.Change) -> object:
    if now is not None and now.encoding:
        raise TypeMismatchError(f"{name!r} has the custom encoding {now.encoding!r} and can only be set", name=name)
    value: Any = None if now is None else decode(now.value, name=name)
    match change:
        case updates.Increment(by):
            return _sum(name, 0 if now is None else value, decode(by))
        case updates.Append(operand, keep_last):
            return _joined(name, now is None, value, decode(operand), keep_last)
        case updates.Merge(values, path, remove):
            given: Any = decode(values)
            return _merged(name, {} if now is None else value, given, path, remove)
        case _:
            raise AssertionError(f"no transaction makes a {type(change).__name__}")


def _sum(name: str, value: Any, by: Any) -> int | float:  # noqa: ANN401
    if not (_is_number(value) and _is_number(by)):
        _refuse(name, f"increment adds an int or float to an int or float, not to {type(value).__name__}")
    total: int | float = value + by
    if isinstance(total, int) and not _MIN_INTEGER <= total <= _MAX_INTEGER:
        raise IntegerOverflowError("the sum is outside -2**63 … 2**64 - 1", name=name)
    return total


def _is_number(value: object) -> bool:
    return type(value) is float or (type(value) is int and _MIN_INTEGER <= value <= _MAX_INTEGER)


def _joined(name: str, is_new: bool, value: Any, operand: Any, keep_last: int | None) -> object:  # noqa: ANN401
    if not is_new and type(value) is not type(operand):
        _refuse(name, f"append adds a list to a list, a str to a str, bytes to bytes, not to {type(value).__name__}")
    joined = operand if is_new else value + operand
    return joined if keep_last is None else joined[-keep_last:]


def _merged(name: str, value: Any, given: dict[str, Any], path: Sequence[str], remove: Sequence[str]) -> object:  # noqa: ANN401
    both = given.keys() & set(remove)
    if both:
        raise InvalidArgumentError(f"the key {min(both)!r} is both written and removed", name=name)
    at = _map(name, value)
    for key in path:
        at = _map(name, at.setdefault(key, {}))
    for key in remove:
        at.pop(key, None)
    at.update(given)
    return value


def _map(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(name, f"merge writes into a map, not into {type(value).__name__}")
    return cast("dict[str, Any]", value)


def _refuse(name: str, problem: str) -> NoReturn:
    raise TypeMismatchError(problem, name=name)
