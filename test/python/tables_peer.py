"""What other programs read from a file: pyarrow for Parquet and Arrow, Python's csv, json and gzip for the rest.

A line of standard input is {"format", "bytes"}, the bytes in Base64. Each is answered with {"columns", "rows"} or {"error"}.
Cells are [kind, text]: numbers as they are written, or as the bits of their float64.
"""

import base64
import csv
import gzip
import io
import json
import re
import struct
import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq


# What JavaScript trims.
SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


def decoded(data):
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")


def from_csv(data, **options):
    reader = csv.reader(io.StringIO(decoded(data), newline=""), strict=True, **options)
    names, *rows = [row for row in reader if row]
    return [name.strip(SPACE) for name in names], [[["text", cell] for cell in row] for row in rows]


class Written(str):
    """A number as it is written."""


def parse(text):
    def pairs(entries):
        keys = [key for key, _ in entries]
        if len(set(keys)) < len(keys):
            raise ValueError("repeated key")
        return dict(entries)

    return json.loads(
        text, parse_int=Written, parse_float=Written, parse_constant=Written, object_pairs_hook=pairs
    )


def from_objects(objects):
    names = list(objects[0])
    for item in objects:
        if not isinstance(item, dict):
            raise ValueError("not an object")
    return names, [[json_cell(item[name]) for name in names] for item in objects]


def json_cell(value):
    if isinstance(value, Written):
        return ["number", str(value)]
    if isinstance(value, str):
        return ["text", value]
    if value is None or isinstance(value, bool):
        return ["value", json.dumps(value)]
    return ["nested", ""]


def from_jsonl(data):
    lines = re.split("\r\n|\n|\r", decoded(data))
    return from_objects([parse(line) for line in lines if line.strip(" \t")])


def from_json(data):
    text = decoded(data)
    if text.lstrip(" \t\r\n")[:1] == "{":
        return from_jsonl(data)
    return from_objects(parse(text))


def arrow_cell(value):
    if value is None or isinstance(value, bool):
        return ["value", json.dumps(value)]
    if isinstance(value, int):
        return ["number", str(value)]
    if isinstance(value, float):
        return ["float", struct.pack(">d", value).hex()]
    if isinstance(value, str):
        return ["text", value]
    if isinstance(value, Decimal):
        return ["number", format(value, "f")]
    return ["other", ""]


def from_parquet(data):
    table = pq.ParquetFile(pa.BufferReader(data)).read()
    if len(set(table.column_names)) < len(table.column_names):
        raise ValueError("repeated name")
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, [[arrow_cell(cell) for cell in row] for row in zip(*columns)]


def from_arrow(data):
    source = pa.BufferReader(data)
    reader = ipc.open_file(source) if data[:6] == b"ARROW1" else ipc.open_stream(source)
    table = reader.read_all()
    table.validate(full=True)
    if len(set(table.column_names)) < len(table.column_names):
        raise ValueError("repeated name")
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, [[arrow_cell(cell) for cell in row] for row in zip(*columns)]


readers = {
    "csv": from_csv,
    "csv.gz": lambda data: from_csv(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data),
    "tsv": lambda data: from_csv(data, delimiter="\t", quoting=csv.QUOTE_NONE),
    "jsonl": from_jsonl,
    "json": from_json,
    "parquet": from_parquet,
    "arrow": from_arrow,
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        names, rows = readers[request["format"]](base64.b64decode(request["bytes"]))
        answer = {"columns": names, "rows": rows}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"[:500]}
    print(json.dumps(answer), flush=True)
