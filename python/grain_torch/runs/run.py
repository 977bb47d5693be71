"""A run on disk: its folder, and its log of facts (docs/run-format.md)."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grain_torch.distributed.ranks import agreed, is_first_process
from grain_torch.runs.json_line import json_line
from grain_torch.runs.manifest import RunDescription, manifest_of
from grain_torch.runs.owner import Ownership

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from grain_torch.engine.types import Array
    from grain_torch.step import Step


class Run:
    """The writer of a run. Panels follow it while it trains.

    Example:
        >>> with Run.create(RunDescription("my-script", group_names=["a", "b"], steps=100)) as run:
        ...     run.step(grain.step(closure, batch), learning_rate=1e-3)
        ...     run.validation({"accuracy": 0.9})
    """

    def __init__(self, folder: Path, token: str | None = None) -> None:
        """Takes over the run in a folder, to resume it.

        Args:
            folder: of the run.
            token: of the process that owns the run and hands it over.

        Raises:
            OwnedError: another live process owns it.
        """
        self.folder = folder
        self._ownership = Ownership(folder, token)
        self.last_step = self._clean()
        self._log = (folder / "events.jsonl").open("ab", buffering=0)
        self._has_ended = False
        if token is None:
            (folder / "stop").unlink(missing_ok=True)
        self._validated = {event["step"] for event in self._past("validation")}

    @staticmethod
    def create(description: RunDescription, root: Path | str | None = None) -> Run:
        """Makes a run's folder. Of several processes of torchrun, the first one writes it, and the others get a silent run.

        A script that `grain run` starts (`program:` in a config) has its folder: that of $GRAIN_RUN_FOLDER, for its first run.

        Args:
            description: what the run is about.
            root: the folder that holds `.grain`, or will; by default the nearest one, upwards.
        """
        given = os.environ.pop("GRAIN_RUN_FOLDER", "")
        if not is_first_process():
            return SilentRun()
        if given:
            return _in_folder(Path(given), description)
        base = Path(root) if root is not None else _nearest_root(Path.cwd())
        manifest = manifest_of(description, base)
        grain = base / ".grain"
        folder = grain / "runs" / manifest["id"]
        folder.mkdir(parents=True)
        ignored = grain / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
        _write_manifest(folder, manifest)
        return Run(folder)

    def start(self, from_step: int = 0) -> None:
        """`from_step`: steps already done, those of the checkpoint that the run resumes from."""
        self._append("start", pid=os.getpid(), fromStep=from_step)
        self._print(f"started at step {from_step}, process {os.getpid()}")

    def step(self, step: Step, *, learning_rate: float, number: int | None = None) -> None:
        """Logs a step. A number that the log has already is not logged again: it was repeated from a checkpoint.

        Args:
            step: what it did.
            learning_rate: of this step.
            number: from 1; by default the next.
        """
        at = self.last_step + 1 if number is None else number
        if at <= self.last_step:
            return
        self._append("step", step=at, learningRate=learning_rate, **facts_of(step))
        self.last_step = at

    def validation(self, metrics: Mapping[str, float], *, number: int | None = None) -> None:
        """Logs the results of a validation, once per step."""
        at = self.last_step if number is None else number
        if at in self._validated:
            return
        self._validated.add(at)
        self._append("validation", step=at, metrics={name: _fact(value) for name, value in metrics.items()})
        self._print(f"step {at}: " + ", ".join(f"{name} {value:.4g}" for name, value in metrics.items()))

    def checkpoint(self, saved: Path, *, is_best: bool, number: int | None = None) -> None:
        """Logs a checkpoint, and links it into the run's folder."""
        at = self.last_step if number is None else number
        links = self.folder / "checkpoints"
        links.mkdir(exist_ok=True)
        for link in links.iterdir():
            if link.is_symlink() and not link.exists():
                link.unlink()
        link = links / saved.name
        try:
            link.unlink(missing_ok=True)
            link.symlink_to(saved.resolve(), target_is_directory=True)
        except OSError as error:
            # Windows allows links to some users only.
            self.warning(f"the checkpoint {saved} could not be linked into the run's folder: {error}", number=at)
            return
        self._append("checkpoint", step=at, path=f"checkpoints/{saved.name}", best=is_best)

    def warning(self, message: str, *, number: int | None = None) -> None:
        """Logs a warning."""
        self._append("warning", step=self.last_step if number is None else number, message=message)
        self._print(f"warning: {message}")

    def end(self, status: str, failure: BaseException | None = None) -> None:
        """`status`: finished, stopped or failed."""
        if self._has_ended:
            return
        self._has_ended = True
        reason = {} if failure is None else {"failure": {"code": _code_of(failure), "message": str(failure) or repr(failure)}}
        self._append("end", step=self.last_step, status=status, **reason)
        self._print(status if failure is None else f"{status}: {failure}")

    def is_asked_to_stop(self) -> bool:
        """Whether someone asked the run to end after the current step. With torchrun: to be called in all processes."""
        return agreed((self.folder / "stop").exists())

    def close(self) -> None:
        """Lets go of the run."""
        self._log.close()
        self._ownership.release()

    def __enter__(self) -> Run:
        self.start(self.last_step)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if error is None:
            self.end("stopped" if self.is_asked_to_stop() else "finished")
        elif isinstance(error, (KeyboardInterrupt, SystemExit)):
            self.end("stopped")
        else:
            self.end("failed", error)
        self.close()

    def _append(self, kind: str, **fields: Any) -> None:
        self._ownership.assert_held()
        event = {"kind": kind, "at": round(time.time() * 1000), **fields}
        line = json_line(event).encode()
        # One write a line: then the event counts.
        end = os.fstat(self._log.fileno()).st_size
        if self._log.write(line) < len(line):
            # The next event would otherwise continue the incomplete line.
            self._log.truncate(end)
            raise OSError(errno.ENOSPC, f"only a part of an event could be written to {self._log.name}")

    def _print(self, text: str) -> None:
        # The event itself is in the log: a full disk must not end the run for want of its copy in prose.
        with contextlib.suppress(OSError), (self.folder / "output.log").open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")

    def _clean(self) -> int:
        """Removes what a process left that was killed during a write; returns the last step in the log."""
        log = self.folder / "events.jsonl"
        if not log.exists():
            return 0
        content = log.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with log.open("r+b") as file:
                file.truncate(whole)
        return max((event["step"] for event in self._past("step")), default=0)

    def _past(self, kind: str) -> list[dict[str, Any]]:
        log = self.folder / "events.jsonl"
        if not log.exists():
            return []
        events = []
        for line in log.read_text(encoding="utf-8").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("kind") == kind:
                events.append(event)
        return events


class SilentRun(Run):
    """A run that another process writes."""

    def __init__(self) -> None:
        self.last_step = 0
        self._has_ended = False
        self._validated = set()

    def checkpoint(self, saved: Path, *, is_best: bool, number: int | None = None) -> None:
        del saved, is_best, number

    def is_asked_to_stop(self) -> bool:
        return agreed(False)

    def close(self) -> None:
        pass

    def _append(self, kind: str, **fields: Any) -> None:
        pass

    def _print(self, text: str) -> None:
        pass


def _in_folder(folder: Path, description: RunDescription) -> Run:
    """Goes on in a folder that `grain run` made: what it decided stays, such as experiment, method and seed."""
    planned = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    own = manifest_of(description, folder.parent.parent.parent)
    kept = ("id", "experiment", "createdAt", "aggregator", "seed", "point", "configPath", "git", "command")
    manifest = {
        **own,
        **{key: planned[key] for key in kept if key in planned},
        "config": {**own["config"], **planned["config"]},
        "fingerprints": {**own["fingerprints"], **planned["fingerprints"]},
        "versions": {**own["versions"], **planned["versions"]},
    }
    run = Run(folder, os.environ.pop("GRAIN_RUN_TOKEN", None))
    _write_manifest(folder, manifest)
    return run


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    partial = folder / f"run.json.{os.getpid()}"
    partial.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / "run.json")


def facts_of(step: Step) -> dict[str, Any]:
    """The fields of a `step` event, but for its number and learning rate."""
    gradients, aggregate, update = (1000 * seconds for seconds in step.seconds)
    facts: dict[str, Any] = {
        "groups": step.groups,
        "sizes": step.sizes.tolist(),
        "losses": _facts(step.losses),
        "gram": None if step.gram is None else _packed(step.gram),
        "weights": step.weights.tolist(),
        "ms": {"gradients": gradients, "aggregate": aggregate, "update": update},
    }
    if not np.array_equal(step.counts, step.sizes):
        facts["counts"] = step.counts.tolist()
    if step.tokens is not None:
        facts["tokens"] = step.tokens
    if step.blocks is not None:
        facts["blocks"] = [
            {"name": block.name, "gram": _packed(block.gram), "weights": block.weights.tolist()} for block in step.blocks
        ]
        facts["update"] = None
    if step.streaming is not None:
        facts["streaming"] = [
            {"inner": _fact(it.inner), "norm2": _fact(it.norm2), "weights": it.weights, "direction2": _fact(it.direction2)}
            for it in step.streaming
        ]
        facts["update"] = None
    if step.update is not None:
        facts["update"] = {
            "norm2": _fact(step.update.norm2),
            "inner": _facts(step.update.inner),
            "rounding": _fact(step.update.rounding),
        }
    if step.clipping is not None:
        facts["clipping"] = {"norm": step.clipping[0], "factor": step.clipping[1]}
    return facts


def _packed(gram: Array) -> list[float | None]:
    """The upper triangle, row by row."""
    return _facts(gram[np.triu_indices(len(gram))])


def _facts(values: Array | Sequence[float]) -> list[float | None]:
    return [_fact(value) for value in values]


def _fact(value: float) -> float | None:
    """null stands for what JSON has no number for."""
    number = float(value)
    return number if math.isfinite(number) else None


def _code_of(failure: BaseException) -> str:
    if "out of memory" in str(failure).lower() or isinstance(failure, MemoryError):
        return "outOfMemory"
    return "diskFull" if isinstance(failure, OSError) and failure.errno == errno.ENOSPC else "unknown"


def _nearest_root(folder: Path) -> Path:
    return next((at for at in (folder, *folder.parents) if (at / ".grain").is_dir()), folder)
