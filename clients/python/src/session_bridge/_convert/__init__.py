"""Reading a plain value as a type: what `type=` of `get_variable` does."""

from ._converter import convert

__all__ = ["convert"]
