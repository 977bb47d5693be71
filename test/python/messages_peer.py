"""Prints the fields of each request as the Python side describes them, and what it reads and writes back of a frame in hex."""

import dataclasses
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

from grain_backend import __main__ as main  # noqa: E402
from grain_backend.frames import Reader, Writer  # noqa: E402
from grain_backend.messages import REQUESTS  # noqa: E402
from grain_backend.schema import camel  # noqa: E402

fields = {kind: sorted(camel(field.name) for field in dataclasses.fields(of)) for kind, of in REQUESTS.items()}
message = Reader(io.BytesIO(bytes.fromhex(sys.argv[1]))).read()
echo = io.BytesIO()
Writer(echo).write(message)
print(json.dumps({"protocol": main.PROTOCOL, "fields": fields, "echo": echo.getvalue().hex()}))
