"""Many values in one msgpack map `{name: value}`: one call of the C codec for all of them."""

from collections.abc import Mapping

from msgpack import Unpacker

from .._errors import BridgeError, DataLossError, UnsupportedError
from ._codec import decode_msgpack, encode_msgpack, is_regular, pack, unpack
from ._codecs import DEFAULT_CODECS, Codecs


def encode_packed(values: Mapping[str, object], *, codecs: Codecs = DEFAULT_CODECS) -> bytes:
    """Encodes values by name; depth and nodes count per value.

    Raises:
        SerializationError: A value cannot be stored; `path` begins with its name.
    """
    try:
        if all(map(is_regular, values.values())):
            return pack(dict(values))
    except (TypeError, ValueError, OverflowError, BufferError, RecursionError):
        pass  # The walk below names the variable and the place inside it.
    parts = [_map_header(len(values))]
    for name, value in values.items():
        parts += [pack(name), encode_msgpack(value, name, codecs)]
    return b"".join(parts)


def _map_header(count: int) -> bytes:
    if count < 16:
        return bytes([0x80 | count])
    return b"\xde" + count.to_bytes(2) if count < 65_536 else b"\xdf" + count.to_bytes(4)


def decode_packed(data: bytes) -> tuple[dict[str, object], dict[str, BridgeError]]:
    """Decodes a packed map in its order; empty bytes are an empty map.

    Returns:
        The values that decode, and by name the errors of those that do not, to raise when that variable is asked for.

    Raises:
        DataLossError: The bytes are not a map at all.
    """
    if not data:
        return {}, {}
    try:
        values = unpack(data)
    except (ValueError, ArithmeticError, TypeError, RecursionError, UnsupportedError):
        return _one_by_one(data)
    if not isinstance(values, dict):
        raise DataLossError("a packed answer is not a map")
    return values, {}  # pyright: ignore[reportUnknownVariableType]


def _one_by_one(data: bytes) -> tuple[dict[str, object], dict[str, BridgeError]]:
    """Cuts the map into its values, so that one that cannot be read does not cost the others."""
    values: dict[str, object] = {}
    errors: dict[str, BridgeError] = {}
    for name, value in slice_packed(data).items():
        try:
            values[name] = decode_msgpack(value, name)
        except BridgeError as error:
            errors[name] = error
    return values, errors


def slice_packed(data: bytes) -> dict[str, bytes]:
    """The bytes of each value of a packed map, in its order; empty bytes are an empty map.

    Raises:
        DataLossError: The bytes are not a map at all.
    """
    try:
        return _slices(data) if data else {}
    except BridgeError:
        raise
    except Exception as error:
        raise DataLossError("a packed answer does not decode") from error


def _slices(data: bytes) -> dict[str, bytes]:
    unpacker = Unpacker(max_buffer_size=len(data))
    unpacker.feed(data)
    slices: dict[str, bytes] = {}
    for _ in range(unpacker.read_map_header()):
        name = unpacker.unpack()
        if not isinstance(name, str):
            raise DataLossError("a packed answer has a name that is not a string")
        start = unpacker.tell()
        unpacker.skip()
        slices[name] = data[start : unpacker.tell()]
    if unpacker.tell() != len(data):
        raise DataLossError("bytes follow a packed answer")
    return slices
