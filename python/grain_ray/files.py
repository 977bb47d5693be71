"""Which files go elsewhere: of a run's folder those that have changed, of a project all that can be read."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

# They grow by lines.
LOGS = ("events.jsonl", "output.log")
# What belongs to one machine, or is computed from the log.
_LEFT_OUT = ("index", "owner.json", "stop", "notes.json")


@dataclass(frozen=True)
class Change:
    """Bytes that come at an offset of a log, or all bytes of another file; None: it is gone."""

    path: str
    offset: int
    content: bytes | None


class Watched:
    """A folder that another process writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, int]] = {}
        self._sent = dict.fromkeys(LOGS, 0)

    def changes(self) -> list[Change]:
        """What is new since the last call: first files, then logs, which speak of files that were complete before."""
        # Read first: a checkpoint that is logged later may not be complete below.
        logs = [change for name in LOGS if (change := self._grown(name)) is not None]
        found = dict(_files_in(self._folder))
        files: list[Change] = []
        for name, file in found.items():
            try:
                status = file.stat()
                if self._known.get(name) == (status.st_size, status.st_mtime_ns):
                    continue
                files.append(Change(name, 0, file.read_bytes()))
            except FileNotFoundError:
                continue
            self._known[name] = status.st_size, status.st_mtime_ns
        for name in set(self._known) - set(found):
            del self._known[name]
            files.append(Change(name, 0, None))
        return files + logs

    def _grown(self, name: str) -> Change | None:
        try:
            with (self._folder / name).open("rb") as file:
                file.seek(self._sent[name])
                content = file.read()
        except FileNotFoundError:
            return None
        whole = content[: content.rfind(b"\n") + 1]
        if not whole:
            return None
        change = Change(name, self._sent[name], whole)
        self._sent[name] += len(whole)
        return change


def apply(folder: Path, changes: list[Change]) -> None:
    """Makes changes in another folder. A log that lies further already is left alone."""
    for change in changes:
        file = folder / change.path
        if change.content is None:
            file.unlink(missing_ok=True)
            parent = file.parent
            if parent != folder and parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        if change.path in LOGS:
            with file.open("ab") as log:
                missing = change.content[max(0, log.tell() - change.offset) :]
                if missing:
                    log.write(missing)
        else:
            partial = file.with_name(f"{file.name}.partial")
            partial.write_bytes(change.content)
            partial.replace(file)


def special_files(root: Path, left_out: list[str]) -> list[str]:
    """Pipes, sockets and devices, which nobody can read to an end, as patterns of a .gitignore. `left_out`: names of folders."""
    found = []
    seen: set[tuple[int, int]] = set()
    for at, folders, names in os.walk(root, followlinks=True):
        status = Path(at).stat()
        # A link may lead back to a folder above it.
        is_known = (status.st_dev, status.st_ino) in seen
        seen.add((status.st_dev, status.st_ino))
        folders[:] = [] if is_known else [name for name in folders if name not in left_out]
        for name in [] if is_known else names:
            file = Path(at, name)
            try:
                mode = file.stat().st_mode
            except OSError:
                continue
            if not stat.S_ISREG(mode):
                found.append("/" + re.sub(r"([\\*?\[\]!# ])", r"\\\1", file.relative_to(root).as_posix()))
    return found


def _files_in(folder: Path) -> list[tuple[str, Path]]:
    found = []
    for at, folders, names in os.walk(folder):
        if Path(at) == folder:
            folders[:] = [name for name in folders if name not in _LEFT_OUT]
            names = [name for name in names if name not in (*_LEFT_OUT, *LOGS)]
        found += [(Path(at, name).relative_to(folder).as_posix(), Path(at, name)) for name in names]
    return sorted(found)
