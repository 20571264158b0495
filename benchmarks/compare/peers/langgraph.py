"""LangGraph's SqliteStore: a namespace for the session, items in this process's SQLite file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..adapter import Adapter

_NAMESPACE = ("sessions", "bench")


class LangGraph(Adapter):
    """One store, which all threads share. Values are dictionaries; others are put into one."""

    def open(self, target: str) -> None:
        """Opens a file in a directory."""
        from langgraph.store.base import GetOp, PutOp
        from langgraph.store.sqlite import SqliteStore

        self._get_op, self._put_op = GetOp, PutOp
        self._opened = SqliteStore.from_conn_string(str(Path(target) / "langgraph.db"))
        self._store = self._opened.__enter__()
        self._store.setup()

    def get(self, name: str) -> object:
        """Get."""
        value = self._store.get(_NAMESPACE, name).value
        return value.get("number", value)

    def set(self, name: str, value: Any) -> None:
        """Put."""
        self._store.put(_NAMESPACE, name, {"number": value} if isinstance(value, int) else value)

    def get_many(self, names: Sequence[str]) -> Mapping[str, Any]:
        """A batch of GetOp."""
        found = self._store.batch([self._get_op(_NAMESPACE, name) for name in names])
        return {item.key: item.value for item in found if item is not None}

    def set_many(self, values: Mapping[str, Any]) -> None:
        """A batch of PutOp."""
        self._store.batch([self._put_op(_NAMESPACE, name, value) for name, value in values.items()])

    def increments(self) -> Mapping[str, Callable[[str], Any]]:
        """Get, then put."""

        def naive(name: str) -> None:
            self.set(name, self._store.get(_NAMESPACE, name).value["number"] + 1)

        return {"get, then set": naive}
