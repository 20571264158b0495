"""Profiles as stacks: what is on them is named by function and file, and what nobody here wrote is folded together."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

#: What was on the stack, outermost first, and how much of the time: microseconds, or samples.
Stacks = Mapping[tuple[str, ...], float]

#: Functions of Node in C++ that ask the kernel for something, by what they are called in a profile.
_NODE_CALLS = frozenset({"writeBuffer", "writev", "writeUtf8String", "writeLatin1String", "readStart", "readStop", "shutdown"})
_SYSTEM_CALLS = frozenset({"send", "sendto", "sendmsg", "recv", "recvfrom", "recvmsg", "read", "write"})
#: Python's waiting for an answer.
_WAITING = ("poll (", "ppoll (", "select (", "epoll_wait (", "pthread_cond_")
#: What V8 calls what is outside of JavaScript: Node's event loop, and its reading from sockets.
_OUTSIDE = {"(program)": "outside JavaScript: event loop, reads", "(garbage collector)": "garbage collection"}
#: Libraries in C, by a part of their file's name.
_EXTENSIONS = {"_cmsgpack": "msgpack (C)", "_message": "protobuf (C)", "cygrpc": "grpc (C)"}
_PYTHON_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^()]+\.py)(?::\d+)?\)")
_NATIVE_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^()]+?)(?::\d+)?\)")


def of_node(profile: Mapping[str, Any], began_us: float, ended_us: float) -> Stacks:
    """The stacks of a `.cpuprofile` between two moments, in microseconds; what was idle is left out."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    parents = {child: node["id"] for node in profile["nodes"] for child in node.get("children", ())}

    def path(id: int) -> tuple[str, ...]:
        frames: list[str] = []
        while id in parents:  # The root stands for everything.
            frames.append(_node_frame(nodes[id]["callFrame"]))
            id = parents[id]
        return _folded(reversed(frames))

    times: Counter[int] = Counter()
    at_us = float(profile["startTime"])
    # A sample is true from its moment to that of the next one.
    for (sample, delta), (_, until_next) in pairwise(zip(profile["samples"], profile["timeDeltas"], strict=True)):
        at_us += delta
        if began_us <= at_us < ended_us and nodes[sample]["callFrame"]["functionName"] != "(idle)":
            times[sample] += until_next
    return _summed((path(sample), time) for sample, time in times.items())


def _node_frame(frame: Mapping[str, Any]) -> str:
    function, url = frame["functionName"] or "(anonymous)", frame["url"]
    if function in _OUTSIDE:
        return _OUTSIDE[function]
    if url == "" and function in _NODE_CALLS:
        return f"{function} (system call)"
    if url == "" or url.startswith("node:"):
        return "node"
    if "/node_modules/" in url:
        return f"{function} · {url.rpartition('/node_modules/')[2].split('/')[0]}"
    if "/dist/" in url:
        package, _, file = url.rpartition("/packages/")[2].partition("/dist/")
        return f"{function} · {package}/{file.removesuffix('.js')}"
    return f"{function} · {url.rpartition('/')[2]}"


def of_python(folded: Iterable[str], inside: str) -> Stacks:
    """The stacks of py-spy's raw output in samples: those inside a function, without what called it, and without waiting."""

    def stacks() -> Iterator[tuple[tuple[str, ...], float]]:
        for line in folded:
            text, _, samples = line.rpartition(" ")
            frames = text.split(";")
            start = next((i for i, frame in enumerate(frames) if frame.startswith(f"{inside} (")), None)
            if start is not None and not frames[-1].startswith(_WAITING):
                named = [frame for frame in map(_python_frame, frames[start + 1 :]) if frame]
                yield _folded(named or [f"{inside} (the loop itself)"]), float(samples)

    return _summed(stacks())


def _python_frame(text: str) -> str:
    """What a frame is called; nothing for the interpreter's own."""
    if (python := _PYTHON_FRAME.fullmatch(text)) is not None:
        return f"{python['function']} · {python['file'].rpartition('/')[2]}"
    native = _NATIVE_FRAME.fullmatch(text)
    if native is None:
        return ""
    if native["function"] in _SYSTEM_CALLS:
        return f"{native['function']} (system call)"
    return next((name for part, name in _EXTENSIONS.items() if part in native["file"]), "")


def _folded(frames: Iterable[str]) -> tuple[str, ...]:
    """Without frames that are called like their callers."""
    found: list[str] = []
    for frame in frames:
        if not found or found[-1] != frame:
            found.append(frame)
    return tuple(found)


def _summed(stacks: Iterable[tuple[tuple[str, ...], float]]) -> Stacks:
    sums: Counter[tuple[str, ...]] = Counter()
    for stack, amount in stacks:
        sums[stack] += amount  # type: ignore[assignment]
    return sums


def own_times(stacks: Stacks) -> Sequence[tuple[str, float]]:
    """How much of the time each frame was the innermost one, the most first."""
    own: dict[str, float] = {}
    for stack, amount in stacks.items():
        own[stack[-1]] = own.get(stack[-1], 0.0) + amount
    return sorted(own.items(), key=lambda item: -item[1])
