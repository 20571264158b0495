"""Values and their bytes: the Python codec of the table in docs/values.md."""

from ._codec import decode, encode
from ._codecs import DEFAULT_CODECS, MSGPACK, Codecs, CustomEncoding
from ._over import encode_over
from ._packed import decode_packed, encode_packed, slice_packed
from ._scan import ScanError, scan

__all__ = [
    "DEFAULT_CODECS",
    "MSGPACK",
    "Codecs",
    "CustomEncoding",
    "ScanError",
    "decode",
    "decode_packed",
    "encode",
    "encode_over",
    "encode_packed",
    "scan",
    "slice_packed",
]
