"""`AsyncBridge` and all that comes from it, used as if it were the sync one: so one suite is for both.

Everything is carried out in the event loop of a thread of its own. Operators, which the twins do not have, ask what the
sync ones ask.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import AbstractAsyncContextManager
from inspect import isawaitable
from types import TracebackType
from typing import Any, Self, cast

import session_bridge
from session_bridge import AsyncBridge, AsyncSession, AsyncTransaction, AsyncWatch
from session_bridge import _calls as calls
from session_bridge._carriers import CarrierName
from session_bridge._link import Link
from session_bridge._transport import AsyncStream
from session_bridge._values import DEFAULT_CODECS
from session_bridge._wire import Identity, Request, WatchVariables

from .fake_server import FakeTransport

_ENDED = object()


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="the tests' loop", daemon=True)
        self._thread.start()

    def wait(self, waited_for: Awaitable[Any]) -> Any:
        async def waiting() -> Any:
            return await waited_for

        assert threading.current_thread() is not self._thread, "a function of the loop waits for the loop"
        return asyncio.run_coroutine_threadsafe(waiting(), self.loop).result()

    def end(self) -> None:
        """Nothing may be left to do."""
        self.wait(self._tidy())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _tidy(self) -> None:
        await self.loop.shutdown_asyncgens()
        await self.loop.shutdown_default_executor()


class Blocking:
    """Waits for what its methods give."""

    def __init__(self, inner: Any, loop: Loop) -> None:
        self._inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def method(*args: Any, **options: Any) -> Any:
            return self._blocking(found(*args, **options))

        return method

    def __repr__(self) -> str:
        return repr(self._inner)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._inner.__reduce_ex__(protocol)

    def _blocking(self, given: Any) -> Any:
        if isawaitable(given):
            given = self._loop.wait(given)
        for kind, wrapper in _WRAPPERS.items():
            if isinstance(given, kind):
                return wrapper(given, self._loop)
        return given


class BlockingBlock(Blocking):
    def __enter__(self) -> Any:
        return self._blocking(self._inner.__aenter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Any:
        return self._loop.wait(self._inner.__aexit__(kind, error, traceback))


class BlockingIterator(Blocking):
    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        found = self._loop.wait(self._step())
        if found is _ENDED:
            raise StopIteration
        return found

    async def _step(self) -> Any:
        try:
            return await anext(self._inner)
        except StopAsyncIteration:
            return _ENDED


class BlockingWatch(BlockingIterator, BlockingBlock):
    pass


class BlockingTransaction(Blocking):
    def __getitem__(self, name: str) -> Any:
        return self._loop.wait(self._inner._run(self._inner._state.get_item(name)))

    def __setitem__(self, name: str, value: Any) -> None:
        self._inner.set_variable(name, value)

    def __delitem__(self, name: str) -> None:
        self._loop.wait(self._inner._run(self._inner._state.delete_item(name)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._blocking(self._inner.has_variable(name))


class BlockingSession(Blocking, MutableMapping[str, Any]):
    def with_options(self, **options: Any) -> "BlockingSession":
        return BlockingSession(self._inner.with_options(**options), self._loop)

    def update_variable(self, name: str, fn: Callable[[Any], Any], *args: Any, **options: Any) -> Any:
        return self._blocking(self._inner.update_variable(name, self._beside(fn), *args, **options))

    def transact(self, fn: Callable[[Any], Any], **options: Any) -> Any:
        return self._blocking(self._inner.transact(self._beside(fn), **options))

    def list_variables(self, prefix: str = "") -> list[Any]:
        return [*self._blocking(self._inner.list_variables(prefix))]

    def clear(self, prefix: str = "") -> None:
        self._blocking(self._inner.clear(prefix))

    def get(self, name: str, default: Any = None) -> Any:
        return self._blocking(self._inner.get(name, default))

    def pop(self, *args: Any) -> Any:
        return self._blocking(self._inner.pop(*args))

    def popitem(self) -> Any:
        return self._blocking(self._inner.popitem())

    def setdefault(self, *args: Any) -> Any:
        return self._blocking(self._inner.setdefault(*args))

    def update(self, *args: Any, **names: Any) -> None:
        self._blocking(self._inner.update(*args, **names))

    def keys(self) -> Any:
        return self._blocking(self._inner.keys())

    def values(self) -> Any:
        return self._blocking(self._inner.values())

    def items(self) -> Any:
        return self._blocking(self._inner.items())

    def __getitem__(self, name: str) -> Any:
        return self._blocking(self._inner._run(calls.get_item(self._inner._handle, name)))

    def __setitem__(self, name: str, value: Any) -> None:
        self.set_variable(name, value)

    def __delitem__(self, name: str) -> None:
        self._blocking(self._inner._run(calls.delete_item(self._inner._handle, name)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.has_variable(name)

    def __iter__(self) -> Iterator[str]:
        return self._names()

    def _names(self) -> Iterator[str]:
        yield from self._blocking(aiter(self._inner))

    def __len__(self) -> int:
        return cast("int", self._blocking(self._inner._run(calls.count(self._inner._handle))))

    def __bool__(self) -> bool:
        return bool(self._inner)

    def __eq__(self, other: object) -> bool:
        return self._inner == other._inner if isinstance(other, BlockingSession) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._inner)

    def _beside(self, fn: Callable[[Any], Any]) -> Callable[[Any], Awaitable[Any]]:
        """As a coroutine function, which leaves the loop free for what the function waits for."""

        async def called(given: Any) -> Any:
            return await asyncio.to_thread(lambda: fn(self._blocking(given)))

        return called


class BlockingTransport:
    """A fake server for an event loop."""

    def __init__(self, fake: FakeTransport) -> None:
        self._fake = fake

    @property
    def address(self) -> str:
        return self._fake.address

    @property
    def contacted(self) -> bool:
        return self._fake.contacted

    async def call(self, request: Request[Any], timeout: float, identity: Identity | None) -> Any:
        await asyncio.sleep(0)
        return self._fake.call(request, timeout, identity)

    def watch(self, request: WatchVariables, timeout: float | None) -> AsyncStream:
        raise NotImplementedError("the steps of a watch need no transport")

    async def close(self) -> None:
        self._fake.close()


_WRAPPERS: dict[type, type[Blocking]] = {
    AsyncSession: BlockingSession,
    AsyncTransaction: BlockingTransaction,
    AsyncWatch: BlockingWatch,
    AsyncBridge: BlockingBlock,
    AbstractAsyncContextManager: BlockingBlock,
    AsyncIterator: BlockingIterator,
}


class Ways:
    """In place of what makes sync bridges and sessions."""

    def __init__(self, loop: Loop, carrier: CarrierName) -> None:
        self._loop = loop
        self._carrier: CarrierName = carrier

    def connect(self, *args: Any, **options: Any) -> Any:
        return BlockingBlock(session_bridge.connect_async(*args, **{"carrier": self._carrier, **options}), self._loop)

    def bridge_over(self, transport: FakeTransport, *, timeout: float = 5.0, retry: bool = True) -> Any:
        bridge = AsyncBridge(Link(BlockingTransport(transport), timeout, retry, DEFAULT_CODECS))
        return BlockingBlock(bridge, self._loop)

    def session_over(self, transport: FakeTransport, *, timeout: float = 5.0, retry: bool = True) -> Any:
        return self.bridge_over(transport, timeout=timeout, retry=retry).get_session("s")
