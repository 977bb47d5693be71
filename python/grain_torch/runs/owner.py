"""Which process a run belongs to: `owner.json`, touched every other second (docs/run-format.md)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import threading
import time
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_BEAT_SECONDS = 2.0
_SILENCE_SECONDS = 30.0


class OwnedError(RuntimeError):
    """Another live process owns the run, or has taken it over."""


class Ownership:
    """Of one run, until it is released or this process ends."""

    def __init__(self, folder: Path, token: str | None = None) -> None:
        """`token`: of the process that hands the run over. Raises: OwnedError if a live process owns the run, another one."""
        self._file = folder / "owner.json"
        self._token = str(uuid.uuid4())
        other = _read(self._file)
        if token is not None and other is not None and other.get("token") == token:
            self._replace()
        elif not self._create():
            other = _read(self._file)
            if _is_alive(self._file, other) or _is_touched(self._file, other):
                raise OwnedError(_owned(folder, other))
            self._remove(other)
            if not self._create():
                raise OwnedError(_owned(folder, _read(self._file)))
            # The other process may only be suspended: what it still writes goes into a file that nobody reads.
            log = folder / "events.jsonl"
            if log.exists():
                copy = log.with_name(f"{log.name}.{os.getpid()}")
                shutil.copyfile(log, copy)
                copy.replace(log)
        self._stopped = threading.Event()
        threading.Thread(target=self._beat, name="grain-heartbeat", daemon=True).start()

    def assert_held(self) -> None:
        """Called before every change to the run. Raises: OwnedError if another process has taken it over."""
        owner = _read(self._file)
        if owner is None or owner.get("token") != self._token:
            raise OwnedError(f"another process took over {self._file.parent.name} while this one was suspended.")

    def release(self) -> None:
        """Lets another process own the run."""
        self._stopped.set()
        owner = _read(self._file)
        if owner is not None and owner.get("token") == self._token:
            self._file.unlink(missing_ok=True)

    def _replace(self) -> None:
        """At no moment is the run without an owner."""
        following = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        following.write_text(self._content(), encoding="utf-8")
        following.replace(self._file)

    def _content(self) -> str:
        since = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
        return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since, "token": self._token})

    def _create(self) -> bool:
        try:
            with self._file.open("x", encoding="utf-8") as file:
                file.write(self._content())
        except FileExistsError:
            return False
        return True

    def _remove(self, owner: dict[str, Any] | None) -> None:
        """Renames the file before it is deleted: of several processes only one succeeds."""
        aside = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            self._file.rename(aside)
        except FileNotFoundError:
            return
        if (_read(aside) or {}).get("token") == (owner or {}).get("token"):
            aside.unlink()
        else:
            aside.rename(self._file)

    def _beat(self) -> None:
        # The file stays open: one that another process has put in its place is not touched.
        with contextlib.suppress(OSError), self._file.open("r+b", buffering=0) as file:
            if self._token.encode() not in file.read():
                return
            while not self._stopped.wait(_BEAT_SECONDS):
                with contextlib.suppress(OSError):
                    file.seek(0)
                    file.write(b"{")


def _read(file: Path) -> dict[str, Any] | None:
    try:
        owner = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return owner if isinstance(owner, dict) and "pid" in owner else None


def _is_alive(file: Path, owner: dict[str, Any] | None) -> bool:
    touched = _touched_at(file)
    if touched is None or _has_exited(owner):
        return False
    return abs(time.time() - touched) <= _SILENCE_SECONDS


def _is_touched(file: Path, owner: dict[str, Any] | None) -> bool:
    """Watches for a heartbeat: clocks of machines differ."""
    if _has_exited(owner):
        return False
    before = _touched_at(file)
    time.sleep(2.5 * _BEAT_SECONDS)
    after = _touched_at(file)
    return after is not None and after != before


def _touched_at(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except OSError:
        return None


def _has_exited(owner: dict[str, Any] | None) -> bool:
    """Whether that is known: of a process on another machine it is not."""
    if owner is None or owner.get("host") != socket.gethostname():
        return False
    if os.name == "nt":
        # os.kill would end it there.
        return False
    try:
        os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _owned(folder: Path, owner: dict[str, Any] | None) -> str:
    who = "another process" if owner is None else f"process {owner['pid']} on {owner.get('host')}, since {owner.get('since')}"
    return f"{folder.name} belongs to {who}."
