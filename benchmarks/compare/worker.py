"""A process that measures one adapter: `python -m compare.worker ADAPTER OPTIONS TARGET`.

Each line of its standard input is `{"work": NAME, "params": {…}}`, each line that it writes an answer: what was found, `{"gap": …}` or
`{"error": …}`. A watch says `{"ready": true}` in between.
"""

import gc
import json
import sys
from collections.abc import Mapping
from typing import Any

from .adapter import Adapter
from .gap import GapError
from .peers import ADAPTERS
from .running import run
from .work import WORK


def main() -> None:
    """Answers until the standard input ends."""
    kind, options, target = sys.argv[1:]
    opened: Adapter | Mapping[str, Any] = _opened(kind, json.loads(options), target)
    # What was imported is not looked through again by the garbage collector, however much a peer imports.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        found = _answer(opened, asked["work"], asked["params"]) if isinstance(opened, Adapter) else opened
        print(json.dumps(found), flush=True)


def _opened(kind: str, options: Mapping[str, Any], target: str) -> Adapter | Mapping[str, Any]:
    try:
        adapter = ADAPTERS[kind](**options)
        run(adapter.open(target))
        return adapter
    except (GapError, ImportError) as gap:
        return {"gap": str(gap)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def _answer(adapter: Adapter, work: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return WORK[work](adapter, params)
    except GapError as gap:
        return {"gap": str(gap)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
