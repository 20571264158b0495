"""`npm run bench:profile`: draws where the time of calls goes, and measures what it does not depend on."""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from compare.report import table
from compare.servers import ROOT

from .flame import draw
from .profiling import Profile, Work, of_client, of_server
from .sizes import sizes
from .stacks import own_times

_RESULTS = ROOT / "benchmarks" / "results" / "profile"
_PICTURES = ROOT / "docs" / "profiles"
_COMMIT = ("--store", "sqlite:{folder}/sessions.db", "--durability", "commit")
_WORKS: Sequence[Work] = (
    Work("get", "get_variable, 100 B", "get"),
    Work("set", "set_variable, 100 B", "set"),
    Work("set-history", "set_variable, 100 B, 64 earlier states kept", "set-history"),
    Work("set-commit", "set_variable, 100 B, durability commit", "set", store=_COMMIT),
    Work("batch-get", "get_variables, 100 × 100 B", "batch-get"),
    Work("batch-set", "set_variables, 100 × 100 B", "batch-set"),
    Work("watch", "a watch of a session that somebody sets in, for each change", "watch"),
    Work("get-grpc", "get_variable, 100 B, over gRPC", "get", carrier="grpc"),
)
_SIDES: Sequence[tuple[str, Callable[[Work, Path, float], Profile]]] = (("server", of_server), ("client", of_client))
#: What docs/performance.md shows.
_SHOWN = ("get-server", "get-client", "set-server", "batch-get-server", "batch-set-server", "batch-set-client", "get-grpc-server")
_TOP = 12


def main() -> int:
    """Profiles what was asked for."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    folder = Path(tempfile.mkdtemp(prefix="session-bridge-profile-"))
    try:
        if arguments.part != "size":
            _profile(folder, _chosen(arguments.only), arguments.seconds)
        if arguments.part != "flame":
            print(sizes(folder, arguments.seconds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if arguments.docs:
        _PICTURES.mkdir(exist_ok=True)
        for name in _SHOWN:
            shutil.copy(_RESULTS / f"{name}.svg", _PICTURES)
    return 0


def _profile(folder: Path, works: Sequence[Work], seconds: float) -> None:
    _RESULTS.mkdir(parents=True, exist_ok=True)
    for work in works:
        for side, profile_of in _SIDES:
            name = f"{work.name}-{side}"
            own = folder / name
            own.mkdir()
            profile = profile_of(work, own, seconds)
            draw(profile.stacks, f"{work.title}: the {side}, {profile.cpu_us:.0f} µs of a processor each", _RESULTS / name)
            print(f"\n{name}: {profile.cpu_us:.1f} µs of a processor each\n\n{_table(profile)}", flush=True)
    print(f"\n{_RESULTS.relative_to(ROOT)} has the pictures")


def _table(profile: Profile) -> str:
    """The frames that took most of the time themselves."""
    whole = sum(profile.stacks.values()) or 1.0
    return table(
        ["", "µs", "share"],
        [[name, f"{profile.cpu_us * amount / whole:.1f}", f"{amount / whole:.1%}"] for name, amount in own_times(profile.stacks)[:_TOP]],
    )


def _chosen(only: str | None) -> Sequence[Work]:
    if only is None:
        return _WORKS
    names = only.split(",")
    unknown = [name for name in names if name not in {work.name for work in _WORKS}]
    if unknown:
        sys.exit(f"--only: there is no {', '.join(unknown)}; there are {', '.join(work.name for work in _WORKS)}")
    return [work for work in _WORKS if work.name in names]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run bench:profile --", description="Shows where the time of calls goes.")
    parser.add_argument("--only", metavar="WORK,WORK", help=f"only these, of {', '.join(work.name for work in _WORKS)}")
    parser.add_argument("--part", choices=("flame", "size"), help="only the pictures, or only what a call's time depends on")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="N", help="how long each is watched, 4")
    parser.add_argument("--docs", action="store_true", help=f"also writes the pictures of {_PICTURES.relative_to(ROOT)}")
    arguments = parser.parse_args()
    if arguments.docs and (arguments.only or arguments.part == "size"):
        parser.error("--docs is for all pictures")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
