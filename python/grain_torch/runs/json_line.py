"""A line of a JSON Lines file, which every reader takes for one line."""

from __future__ import annotations

import json
from typing import Any

# `str.splitlines` and Node's `readline` end a line at these, which JSON allows inside strings.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def json_line(value: dict[str, Any]) -> str:
    """A value as a line with its newline.

    Raises:
        ValueError: for NaN and infinity, which JSON does not have.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_LINE_ENDS) + "\n"
