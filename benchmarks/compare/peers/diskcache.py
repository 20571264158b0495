"""diskcache: a dictionary in a directory, pickled values in SQLite."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..adapter import Adapter


class DiskCache(Adapter):
    """One cache, which all threads share."""

    def open(self, target: str) -> None:
        """Opens a directory."""
        import diskcache

        self._cache = diskcache.Cache(f"{target}/diskcache")

    def get(self, name: str) -> object:
        """By subscription."""
        return self._cache[name]

    def set(self, name: str, value: Any) -> None:
        """By subscription."""
        self._cache[name] = value

    def get_many(self, names: Sequence[str]) -> Mapping[str, Any]:
        """In one transaction."""
        with self._cache.transact():
            return {name: self._cache[name] for name in names}

    def set_many(self, values: Mapping[str, Any]) -> None:
        """In one transaction."""
        with self._cache.transact():
            for name, value in values.items():
                self._cache[name] = value

    def increments(self) -> Mapping[str, Callable[[str], Any]]:
        """`incr`, and `cache[name] += 1`."""

        def naive(name: str) -> None:
            self._cache[name] += 1

        return {"increment": self._cache.incr, "get, then set": naive}
