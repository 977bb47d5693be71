"""Arrow files for the fuzzer: a JSON list of them in Base64, of both formats, with every type that is read, plain and compressed."""

import base64
import io
import json

import pyarrow as pa
import pyarrow.ipc as ipc

WORDS = ["a", "", "é", "x y", None, "a longer text of more than twelve bytes", "1", "NaN", "\U0001f600"]


def column(kind, rows):
    words = [WORDS[(3 * i) % len(WORDS)] for i in range(rows)]
    numbers = [None if i % 5 == 4 else (i * 2654435761) % 2**31 - 2**30 for i in range(rows)]
    match kind:
        case "text":
            return pa.array(words, pa.string())
        case "long":
            return pa.array(words, pa.large_string())
        case "view":
            return pa.array(words, pa.string_view())
        case "kind":
            return pa.array(words, pa.string()).dictionary_encode()
        case "int":
            return pa.array(numbers, pa.int64())
        case "big":
            return pa.array([2**63 - i for i in range(rows)], pa.uint64())
        case "small":
            return pa.array([i % 100 for i in range(rows)], pa.int8())
        case "half":
            return pa.array([i / 8 for i in range(rows)], pa.float32())
        case "double":
            return pa.array([None if i == 1 else -i / 3 for i in range(rows)], pa.float64())
        case "truth":
            return pa.array([None if i == 2 else i % 3 == 0 for i in range(rows)])
        case "decimal":
            return pa.array([f"{i}.{i % 10}5" for i in range(rows)], pa.string()).cast(pa.decimal128(12, 2))
        case "nothing":
            return pa.nulls(rows)


def file_of(kinds, rows, make, compression):
    table = pa.table({kind: column(kind, rows) for kind in kinds})
    sink = io.BytesIO()
    with make(sink, table.schema, options=ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=7)
    return sink.getvalue()


KINDS = [
    ["text", "int"],
    ["kind", "double", "truth"],
    ["long", "small", "decimal"],
    ["view", "half", "big"],
    ["text", "kind", "nothing"],
]
files = [
    file_of(kinds, rows, make, compression)
    for kinds in KINDS
    for rows in [3, 20]
    for make in [ipc.new_file, ipc.new_stream]
    for compression in [None, "lz4", "zstd"]
]
print(json.dumps([base64.b64encode(file).decode() for file in files]))
