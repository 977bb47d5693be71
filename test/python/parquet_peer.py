"""What test/unit/data/parquet.test.ts reads: files written by Apache Arrow, as the Hugging Face hub has them."""

import sys

import pyarrow as pa
import pyarrow.parquet as pq
from columns import COLUMNS

folder = sys.argv[1]
table = pa.table(COLUMNS)
for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
    for version in ["1.0", "2.0"]:
        pq.write_table(
            table, f"{folder}/{codec}-{version}.parquet", compression=codec, data_page_version=version, row_group_size=100
        )

# Values that JavaScript has no exact type for.
exact = pa.table(
    {
        "decimal": pa.array(["12345678901234567890.12", "-0.05", None], pa.string()).cast(pa.decimal128(30, 2)),
        "small decimal": pa.array(["1.5", "-1.5", "0.0"], pa.string()).cast(pa.decimal128(5, 1)),
        "micros": pa.array([1, -1, None], pa.timestamp("us")),
        "nanos": pa.array([1700000000000000001, 0, None], pa.timestamp("ns")),
        "date": pa.array([0, 19000, -1], pa.int32()).cast(pa.date32()),
        "unsigned": pa.array([2**64 - 1, 0, 1], pa.uint64()),
        "bytes": pa.array([b"\xe9", "é".encode(), None], pa.binary()),
        "struct": [{"n": 1}, {"n": 2**60}, None],
        "list": [[1, 2], [], None],
        "zero": pa.array([-0.0, 0.0, float("nan")], pa.float64()),
    }
)
pq.write_table(exact, f"{folder}/exact.parquet", store_schema=False)
same = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
pq.write_table(same, f"{folder}/same.parquet")
