"""Columns of each kind of value that a table of examples has; test/unit/data/columns.ts expects them."""

import pyarrow as pa

ROWS = 250
COLUMNS = {
    "sentence": [f"Sätze {i % 50}, “quoted”\n" for i in range(ROWS)],
    "missing": [None if i % 3 else f"text {i}" for i in range(ROWS)],
    "label": pa.array([i % 3 - 1 for i in range(ROWS)], pa.int64()),
    "small": pa.array([i % 100 for i in range(ROWS)], pa.int8()),
    "half": pa.array([i / 8 for i in range(ROWS)], pa.float32()),
    "whole": pa.array([i / 3 for i in range(ROWS)], pa.float64()),
    "truth": [i % 2 == 0 for i in range(ROWS)],
    "kind": pa.array(["a", "b", "c", "a", "b"] * (ROWS // 5)).dictionary_encode(),
    "long": pa.array([f"{i}" for i in range(ROWS)], pa.large_string()),
}
