"""What `keys()`, `values()` and `items()` of a session give: each walk is one snapshot, read at its beginning."""

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any, Protocol


class Snapshots(Protocol):
    """A mapping that can be read as a whole."""

    def keys(self) -> KeysView[str]:
        """The names."""
        ...

    def __getitem__(self, name: str, /) -> Any:  # noqa: ANN401
        """The value of a name."""
        ...

    def __iter__(self) -> Iterator[str]:
        """The names."""
        ...

    def __contains__(self, name: object, /) -> bool:
        """Whether the name is there."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """One snapshot."""
        ...


class SessionKeys(KeysView[str]):
    """The names of a session's variables, in byte order."""

    def __init__(self, session: Snapshots) -> None:
        """A view of one session."""
        super().__init__(session)
        self._session = session

    def __repr__(self) -> str:
        """Asks no server."""
        return f"SessionKeys({self._session!r})"


class SessionValues(ValuesView[Any]):
    """The values of a session, in byte order of their names."""

    def __init__(self, session: Snapshots) -> None:
        """A view of one session."""
        super().__init__(session)
        self._session = session

    def __iter__(self) -> Iterator[Any]:
        """The values of one snapshot."""
        return iter(self._session.to_dict().values())

    def __contains__(self, value: object) -> bool:
        """Whether a variable has this value."""
        return value in self._session.to_dict().values()

    def __repr__(self) -> str:
        """Shows no values."""
        return f"SessionValues({self._session!r})"


class SessionItems(ItemsView[str, Any]):
    """The names and values of a session, in byte order of the names."""

    def __init__(self, session: Snapshots) -> None:
        """A view of one session."""
        super().__init__(session)
        self._session = session

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """The names and values of one snapshot."""
        return iter(self._session.to_dict().items())

    def __repr__(self) -> str:
        """Shows no values."""
        return f"SessionItems({self._session!r})"
