"""Copies of the runs' folders that outlive the nodes where the runs are trained."""

from __future__ import annotations

from typing import Any

import ray

from grain_ray.files import LOGS, Change

# Larger files go to Ray's object store, which moves them to disk where memory is short.
_LARGE = 100_000


class Mirror:
    """An actor beside the driver: tasks push what is new, the driver pulls it, and a task that Ray repeats begins from it."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, Any]] = {}
        self._news: list[tuple[str, Change]] = []
        self._stopped: set[str] = set()
        self._begun: dict[str, list[str]] = {}

    def keep(self, run: str, changes: list[Change]) -> None:
        """Files that a run begins with."""
        for change in changes:
            self._apply(run, change)

    def begin(self, run: str, node: str) -> list[Change]:
        """All files of a run, for an attempt at it. `node`: where."""
        self._begun.setdefault(run, []).append(node)
        return [Change(path, 0, _read(content)) for path, content in self._files.get(run, {}).items()]

    def push(self, run: str, attempt: int, changes: list[Change]) -> bool | None:
        """Takes what is new in a run; returns whether it is to stop. None: another attempt has begun, this one is to end."""
        if attempt != len(self._begun[run]):
            return None
        for change in changes:
            self._apply(run, change)
            self._news.append((run, change))
        return run in self._stopped

    def stop(self, run: str) -> bool:
        """Asks a run to stop; returns whether it has begun."""
        self._stopped.add(run)
        return run in self._begun

    def attempts(self, run: str) -> list[str]:
        """The nodes of all attempts at a run."""
        return self._begun.get(run, [])

    def pull(self) -> list[tuple[str, Change]]:
        """What is new since the last call."""
        news, self._news = self._news, []
        return news

    def _apply(self, run: str, change: Change) -> None:
        files = self._files.setdefault(run, {})
        if change.content is None:
            files.pop(change.path, None)
        elif change.path in LOGS:
            files.setdefault(change.path, bytearray()).extend(change.content)
        else:
            files[change.path] = ray.put(change.content) if len(change.content) > _LARGE else change.content


def _read(content: Any) -> bytes:
    return bytes(ray.get(content)) if isinstance(content, ray.ObjectRef) else bytes(content)
