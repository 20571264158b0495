"""What is stored, by size: nested values of the kind that agents keep, the same for every peer."""

import json
from collections.abc import Mapping
from typing import Any

Value = dict[str, Any]

_MESSAGE = {"role": "assistant", "content": "The quick brown fox jumps over the lazy dog. " * 8, "tokens": 96, "score": 0.75}
_MESSAGE_BYTES = len(json.dumps(_MESSAGE)) + 2


def _conversation(size_bytes: int) -> Value:
    return {"messages": [{**_MESSAGE, "turn": n} for n in range(size_bytes // (_MESSAGE_BYTES + 13))]}


#: 83 bytes as JSON, about 10 KB, and about 1 MB.
VALUES: Mapping[str, Value] = {
    "100 B": {"model": "small-2", "temperature": 0.8, "top_p": 0.95, "max_tokens": 1024, "n": [1, 2]},
    "10 KB": _conversation(10_000),
    "1 MB": _conversation(1_000_000),
}
