"""What test/unit/data/arrow.test.ts reads: Arrow files of both formats, as Apache Arrow writes them."""

import datetime
import decimal
import sys

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc
from columns import COLUMNS, ROWS

folder = sys.argv[1]
view = pa.array([f"{i} " * (i % 9) for i in range(ROWS)], pa.string_view())
table = pa.table({**COLUMNS, "view": view})


def write(name, table, make=ipc.new_file, chunk=100, **options):
    with make(f"{folder}/{name}.arrow", table.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=chunk)


for compression in [None, "lz4", "zstd"]:
    for name, make in [("file", ipc.new_file), ("stream", ipc.new_stream)]:
        write(f"{name}-{compression}", table, make, compression=compression)
feather.write_feather(table, f"{folder}/table.feather")

# Long texts, which LZ4 and ZSTD compress in several blocks.
words = pa.table({"text": ["".join(chr(97 + (i * j * j) % 23) for j in range(i % 3000)) for i in range(300)]})
for compression in ["lz4", "zstd"]:
    write(f"words-{compression}", words, chunk=300, compression=compression)
write("words-plain", words, chunk=7)

exact = pa.table(
    {
        "decimal": pa.array([decimal.Decimal("12345678901234567890.12"), decimal.Decimal("-0.05"), None], pa.decimal128(30, 2)),
        "wide": pa.array([decimal.Decimal("1" * 60), decimal.Decimal(-3), None], pa.decimal256(70, 0)),
        "narrow": pa.array([decimal.Decimal("1.5"), decimal.Decimal("-1.5"), None], pa.decimal32(5, 1)),
        "seconds": pa.array([1, -1, None], pa.timestamp("s", "Europe/Berlin")),
        "micros": pa.array([1, -1, None], pa.timestamp("us")),
        "nanos": pa.array([1700000000000000001, 0, None], pa.timestamp("ns")),
        "date": pa.array([0, 19000, -1], pa.int32()).cast(pa.date32()),
        "date64": pa.array([datetime.date(2022, 1, 8), datetime.date(1969, 12, 31), None], pa.date64()),
        "time": pa.array([1, 2**40, None], pa.time64("ns")),
        "duration": pa.array([2**60, -1, None], pa.duration("ns")),
        "unsigned": pa.array([2**64 - 1, 0, 1], pa.uint64()),
        "signed": pa.array([-(2**63), 2**53 + 1, None], pa.int64()),
        "bytes": pa.array([b"\xe9", "é".encode(), None], pa.binary()),
        "fixed": pa.array([b"ab", b"\xff\xff", None], pa.binary(2)),
        "bom": ["\ufeffa", "\U0001f600", ""],
        "half": pa.array([0.5, 65504.0, 6e-8], pa.float16()),
        "zero": pa.array([-0.0, 0.0, float("nan")], pa.float64()),
        "nothing": pa.nulls(3),
        "numbers": pa.array([2**60, 5, 2**60], pa.int64()).dictionary_encode(),
    }
)
write("exact", exact)
nested = pa.table(
    {
        "text": ["a", "b"],
        "list": [[1], []],
        "struct": [{"n": 1}, None],
        "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int32())),
        "fixed": pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2)),
        "runs": pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["x"])),
        "union": pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["x", "y"])]),
        "label": [0, 1],
    }
)
write("nested", nested)
write("same", pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))
write("none", table.slice(0, 0))


def dictionaries(name, make, **options):
    """A column whose dictionary grows, or is replaced, from batch to batch."""
    schema = pa.schema([("kind", pa.dictionary(pa.int32(), pa.string()))])
    with make(f"{folder}/{name}.arrow", schema, options=ipc.IpcWriteOptions(**options)) as writer:
        for words in [["a", "b"], ["a", "b", "c"], ["c", "a"] if make is ipc.new_stream else ["a", "b", "c", "d"]]:
            column = pa.DictionaryArray.from_arrays(pa.array(list(range(len(words)))[::-1], pa.int32()), words)
            writer.write_batch(pa.record_batch([column], schema))


dictionaries("growing", ipc.new_file, emit_dictionary_deltas=True)
dictionaries("replaced", ipc.new_stream)
dictionaries("delta", ipc.new_stream, emit_dictionary_deltas=True)

# As datasets' save_to_disk writes them: a stream of batches of 1000 rows, with the features in the schema's metadata.
features = '{"info": {"features": {"text": {"dtype": "string", "_type": "Value"}}}}'
saved = pa.table({"text": [f"text {i}" for i in range(2500)], "label": [i % 2 for i in range(2500)]})
write("saved", saved.replace_schema_metadata({"huggingface": features}), ipc.new_stream, chunk=1000)
