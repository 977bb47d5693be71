"""Messages on a pipe; src/backends/torch/frames.ts is the other side.

    uint32 bytes after this number | uint32 bytes of the header | header, UTF-8 JSON | arrays, one after another

All numbers are little-endian. The header's `arrays` lists name, dtype and shape of each array, in order.
"""

import json
import struct
import threading
from math import prod
from typing import Any, BinaryIO

import numpy as np

_LENGTH = struct.Struct("<I")
_DTYPES: dict[str, np.dtype[Any]] = {
    "uint8": np.dtype("u1"),
    "int32": np.dtype("<i4"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}

Message = dict[str, Any]


class FrameError(Exception):
    """The bytes on the pipe are not a message."""


class Reader:
    """Reads messages from a pipe."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe

    def read(self) -> Message | None:
        """The next message, its arrays among its fields; None at the end of the pipe."""
        prefix = self._pipe.read(_LENGTH.size)
        if not prefix:
            return None
        body = self._exactly(_LENGTH.unpack(prefix)[0])
        length = _LENGTH.unpack_from(body)[0]
        message: Message = json.loads(body[_LENGTH.size : _LENGTH.size + length])
        at = _LENGTH.size + length
        for array in message.pop("arrays", []):
            dtype, shape = _DTYPES[array["dtype"]], tuple(array["shape"])
            count = prod(shape)
            message[array["name"]] = np.frombuffer(body, dtype, count, at).reshape(shape).copy()
            at += count * dtype.itemsize
        if at != len(body):
            raise FrameError(f"a message has {len(body)} bytes, but describes {at}")
        return message

    def _exactly(self, count: int) -> bytes:
        body = self._pipe.read(count)
        if len(body) != count:
            raise FrameError(f"the pipe ended within a message, after {len(body)} of {count} bytes")
        return body


class Writer:
    """Writes messages to a pipe, each whole, from any thread."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def write(self, message: Message) -> None:
        """Sends a message; numpy arrays among its fields travel as bytes."""
        arrays = {name: value for name, value in message.items() if isinstance(value, np.ndarray)}
        header = {name: value for name, value in message.items() if name not in arrays}
        header["arrays"] = [{"name": name, "dtype": array.dtype.name, "shape": array.shape} for name, array in arrays.items()]
        text = json.dumps(header, allow_nan=False).encode()
        parts = [np.ascontiguousarray(array).astype(_DTYPES[array.dtype.name], copy=False) for array in arrays.values()]
        length = _LENGTH.size + len(text) + sum(part.nbytes for part in parts)
        with self._lock:
            self._pipe.write(_LENGTH.pack(length) + _LENGTH.pack(len(text)) + text)
            for part in parts:
                self._pipe.write(part.tobytes())
            self._pipe.flush()
