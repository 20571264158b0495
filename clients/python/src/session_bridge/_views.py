"""What `keys()`, `values()` and `items()` of a session give: each walk is one snapshot, read at its beginning."""

from collections.abc import Collection, ItemsView, Iterator, KeysView, ValuesView
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


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


class _Walked:
    """Knows the length of a snapshot between the beginning of a walk and its first step.

    That is when `list(view)` asks for the length, which must not cost it another round trip.
    """

    _session: Snapshots
    _ahead: int | None = None

    def _walk(self, snapshot: Collection[T]) -> Iterator[T]:
        self._ahead = len(snapshot)
        return self._steps(snapshot)

    def _steps(self, snapshot: Collection[T]) -> Iterator[T]:
        self._ahead = None
        yield from snapshot

    def __len__(self) -> int:
        """How many variables there are."""
        ahead = self._ahead
        return len(self._session) if ahead is None else ahead

    def __repr__(self) -> str:
        """Shows no values and asks no server."""
        return f"{type(self).__name__}({self._session!r})"


class SessionKeys(_Walked, KeysView[str]):
    """The names of a session's variables, in byte order."""

    def __init__(self, session: Snapshots) -> None:
        """A view of one session."""
        super().__init__(session)
        self._session = session

    def __iter__(self) -> Iterator[str]:
        """The names of one snapshot."""
        return self._walk([*iter(self._session)])


class SessionValues(_Walked, ValuesView[Any]):
    """The values of a session, in byte order of their names."""

    def __init__(self, session: Snapshots) -> None:
        """A view of one session."""
        super().__init__(session)
        self._session = session

    def __iter__(self) -> Iterator[Any]:
        """The values of one snapshot."""
        return self._walk(self._session.to_dict().values())

    def __contains__(self, value: object) -> bool:
        """Whether a variable has this value."""
        return value in self._session.to_dict().values()


class SessionItems(_Walked, ItemsView[str, Any]):
    """The names and values of a session, in byte order of the names."""

    def __init__(self, session: Snapshots) -> None:
        """A view of one session."""
        super().__init__(session)
        self._session = session

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """The names and values of one snapshot."""
        return self._walk(self._session.to_dict().items())
