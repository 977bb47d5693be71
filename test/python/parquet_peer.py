"""What test/unit/data/parquet.test.ts reads: files written by Apache Arrow, as the Hugging Face hub has them."""

import sys

import pyarrow as pa
import pyarrow.parquet as pq

folder = sys.argv[1]
rows = 250
table = pa.table(
    {
        "sentence": [f"Sätze {i % 50}, “quoted”\n" for i in range(rows)],
        "missing": [None if i % 3 else f"text {i}" for i in range(rows)],
        "label": pa.array([i % 3 - 1 for i in range(rows)], pa.int64()),
        "small": pa.array([i % 100 for i in range(rows)], pa.int8()),
        "half": pa.array([i / 8 for i in range(rows)], pa.float32()),
        "whole": pa.array([i / 3 for i in range(rows)], pa.float64()),
        "truth": [i % 2 == 0 for i in range(rows)],
        "kind": pa.array(["a", "b", "c", "a", "b"] * (rows // 5)).dictionary_encode(),
        "long": pa.array([f"{i}" for i in range(rows)], pa.large_string()),
    }
)
for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
    for version in ["1.0", "2.0"]:
        pq.write_table(
            table, f"{folder}/{codec}-{version}.parquet", compression=codec, data_page_version=version, row_group_size=100
        )
