"""Starts a benchmark among its peers: `bench.py compare …`, `… watch …`, `… profiles …`; what the peers need is installed first."""

import os
import sys
from pathlib import Path

from compare.install import install

BENCHMARKS = Path(__file__).parent


def main() -> int:
    """Installs, then becomes the benchmark in the peers' own interpreter."""
    benchmark, *arguments = sys.argv[1:]
    interpreter = install()
    environment = {**os.environ, "PYTHONPATH": str(BENCHMARKS), "BENCH_NOT_INSTALLED": interpreter.gaps_text}
    command = [str(interpreter.path), "-m", benchmark, *arguments]
    os.execve(command[0], command, environment)


if __name__ == "__main__":
    sys.exit(main())
