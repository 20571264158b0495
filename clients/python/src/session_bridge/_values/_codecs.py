"""What an application adds to the codec: encoders of its types, and encodings of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

MSGPACK: Final = ""
"""The name of the default encoding on the wire."""


@dataclass(frozen=True, slots=True)
class CustomEncoding:
    """An encoding that the application brings; the server carries its bytes and never looks inside.

    Attributes:
        name: The name on the wire, equal on every client.
        encode: Value to bytes.
        decode: Bytes to value.
    """

    name: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Codecs:
    """The encoders and encodings of one bridge; immutable, each method gives a new one."""

    encoders: Mapping[type, Callable[[Any], object]] = field(default_factory=lambda: MappingProxyType({}))
    encodings: Mapping[str, CustomEncoding] = field(default_factory=lambda: MappingProxyType({}))

    def with_encoder(self, kind: type, encode: Callable[[Any], object]) -> "Codecs":
        """Adds an encoder: `encode` turns an instance of exactly `kind`, or of a subclass, into a plain value.

        Types that values.md lists keep their meaning; an encoder cannot change it.
        """
        return Codecs(MappingProxyType({**self.encoders, kind: encode}), self.encodings)

    def with_encoding(self, encoding: CustomEncoding) -> "Codecs":
        """Adds a custom encoding.

        Raises:
            ValueError: The name is empty or `msgpack`, or an encoding has it already.
        """
        if encoding.name in ("", "msgpack") or encoding.name in self.encodings:
            raise ValueError(f"an encoding cannot be registered as {encoding.name!r}")
        return Codecs(self.encoders, MappingProxyType({**self.encodings, encoding.name: encoding}))

    def encoder_of(self, kind: type) -> Callable[[Any], object] | None:
        """The encoder of a type, or of its nearest base that has one."""
        return next((self.encoders[base] for base in kind.__mro__ if base in self.encoders), None)


DEFAULT_CODECS: Final = Codecs()
"""Nothing but the table of values.md."""
