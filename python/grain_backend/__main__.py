"""The child process of the device torch: reads requests from file descriptor 3 and answers on 4, until the former ends."""

import errno
import importlib.util
import json
import os
import platform
import queue
import signal
import struct
import sys
import threading
import time
import traceback
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .frames import Message, Reader, Writer

# Both sides must have the same.
PROTOCOL = 1
NEEDED = ("torch", "transformers", "peft", "safetensors", "numpy", "psutil")
ALIVE_SECONDS = 2


def main() -> None:
    # A terminal's Ctrl-C, or a scheduler's SIGTERM, is sent to all processes. The run process needs this one for its checkpoint.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    requests, replies = os.fdopen(3, "rb"), os.fdopen(4, "wb")
    python = {"protocol": PROTOCOL, "python": platform.python_version(), "executable": sys.executable}
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        # A frame without numpy, which may be missing too.
        text = json.dumps({"kind": "unusable", **python, "missing": missing, "arrays": []}).encode()
        replies.write(struct.pack("<II", len(text) + 4, len(text)) + text)
        return
    from .frames import Reader, Writer

    reader, writer = Reader(requests), Writer(replies)
    threading.Thread(target=_beat, args=[writer], daemon=True).start()
    from .devices import best_device, describe, make_deterministic

    make_deterministic()
    device = best_device()
    versions = {name: version(name) for name in ("torch", "transformers", "peft")}
    writer.write({"kind": "ready", **python, "versions": versions, "device": describe(device)})
    _serve(reader, writer, device)


def _beat(writer: "Writer") -> None:
    """Says that this process lives. A pipe that nobody reads ends it: its run process is gone."""
    while True:
        time.sleep(ALIVE_SECONDS)
        try:
            writer.write({"kind": "alive"})
        except OSError:
            os._exit(1)


class _Requests:
    """Reads requests on a thread, so that the end of the pipe, or a request to cancel, is noticed during a long one."""

    def __init__(self, reader: "Reader") -> None:
        self._reader = reader
        self._queue: queue.Queue[Message] = queue.Queue()
        self._cancelled: int | None = None
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> "Message":
        return self._queue.get()

    def is_cancelled(self, request: int) -> bool:
        return self._cancelled == request

    def _read(self) -> None:
        try:
            while (message := self._reader.read()) is not None:
                if message["kind"] == "cancel":
                    self._cancelled = message["id"]
                else:
                    self._queue.put(message)
        finally:
            os._exit(0)


def _serve(reader: "Reader", writer: "Writer", device: Any) -> None:
    requests = _Requests(reader)
    # It takes seconds to import transformers: the end of the pipe is noticed meanwhile.
    from .learner import Learner
    from .messages import REQUESTS
    from .schema import parse

    current = 0
    learner = Learner(
        device,
        lambda done: writer.write({"kind": "progress", "id": current, "done": done}),
        lambda: requests.is_cancelled(current),
    )
    while True:
        message = requests.next()
        current, kind = message.pop("id"), message.pop("kind")
        try:
            reply = learner.answer(parse(REQUESTS[kind], message, kind))
            writer.write({"kind": "reply", "id": current, **reply})
        except Exception as error:
            traceback.print_exc()
            sys.stderr.flush()
            code, text = _code_of(error), str(error) or type(error).__name__
            del error
            learner.free()
            writer.write({"kind": "error", "id": current, "code": code, "message": text})


def _code_of(error: Exception) -> str:
    text = str(error)
    is_allocation = "DefaultCPUAllocator: can't allocate memory" in text
    if is_allocation or isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "outOfMemory"
    # Some libraries tell only the system's words.
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if is_full or os.strerror(errno.ENOSPC) in text:
        return "diskFull"
    codes = {"ModelError": "badModel", "CheckpointError": "badCheckpoint", "ImageError": "badData"}
    return codes.get(type(error).__name__, "unknown")


if __name__ == "__main__":
    main()
