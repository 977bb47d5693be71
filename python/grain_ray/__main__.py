"""The driver: reads requests from standard input, and hands runs to Ray until the former ends."""

from __future__ import annotations

import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

import grain_ray
from grain_ray import task
from grain_ray.files import Watched, apply, special_files
from grain_ray.messages import Begin, Ended, Note, Ready, Stop, Train, line_of, request_of
from grain_ray.mirror import Mirror

_POLL_SECONDS = 0.2
# How often Ray repeats a run whose node was lost.
_RETRIES = 10


class Driver:
    """Runs that are trained by tasks of one cluster."""

    def __init__(self, begin: Begin, write: Any) -> None:
        self._write = write
        self._begin = begin
        packages = [str(Path(grain_ray.__file__).parent), *([begin.ship] if begin.ship else [])]
        left_out = [".grain", ".git", "node_modules", "__pycache__"]
        environment = {
            "working_dir": begin.root,
            "py_modules": packages,
            "excludes": [*left_out, *special_files(Path(begin.root), left_out)],
        }
        ray.init(begin.address, runtime_env=environment, log_to_driver=False, logging_level="warning", namespace="grain")
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._mirror: Any = ray.remote(Mirror).options(num_cpus=0, scheduling_strategy=here).remote()
        self._task: Any = ray.remote(task.train)
        self._folders: dict[str, Path] = {}
        self._runs: dict[Any, str] = {}
        self._attempts: dict[str, int] = {}
        resources = ray.cluster_resources()
        self._write(Ready(len(ray.nodes()), resources.get("CPU", 0.0), resources.get("GPU", 0.0)))
        if begin.gpus > resources.get("GPU", 0.0) or begin.cpus > resources.get("CPU", 0.0):
            self._write(Note(f"the cluster has not got what a run needs ({begin.cpus:g} CPUs, {begin.gpus:g} GPUs): runs wait"))

    def handle(self, request: Any) -> None:
        if isinstance(request, Train):
            folder = self._folders[request.id] = Path(request.folder)
            ray.get(self._mirror.keep.remote(request.id, Watched(folder).changes()))
            options = {"num_cpus": self._begin.cpus, "num_gpus": self._begin.gpus, "max_retries": _RETRIES, "name": request.id}
            sent = self._task.options(**options).remote(request.id, self._begin.grain, self._begin.ship, self._mirror)
            self._runs[sent] = request.id
        elif isinstance(request, Stop) and not ray.get(self._mirror.stop.remote(request.id)):
            for sent, run in self._runs.items():
                if run == request.id:
                    ray.cancel(sent)

    def poll(self) -> None:
        """Writes what is new into the folders, and reports runs that have ended."""
        over = ray.wait(list(self._runs), num_returns=len(self._runs), timeout=0)[0] if self._runs else []
        for run, change in ray.get(self._mirror.pull.remote()):
            apply(self._folders[run], [change])
        for run in self._runs.values():
            self._say_attempts(run)
        for sent in over:
            self._write(Ended(self._runs.pop(sent), _reason(sent)))

    def _say_attempts(self, run: str) -> None:
        nodes = ray.get(self._mirror.attempts.remote(run))
        if len(nodes) > max(1, self._attempts.get(run, 0)):
            self._write(Note(f"{run}: its process or node was lost; it is started again on node {nodes[-1][:8]}"))
        self._attempts[run] = len(nodes)


def _reason(sent: Any) -> str:
    try:
        return str(ray.get(sent))
    except ray.exceptions.TaskCancelledError:
        return "it was stopped before it began"
    except ray.exceptions.RayError as error:
        return str(error).strip().splitlines()[-1]


def main() -> None:
    # What libraries print goes to standard error.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    requests: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            requests.put(line)
        requests.put("")

    def write(message: Ready | Note | Ended) -> None:
        out.write(line_of(message))

    threading.Thread(target=read, daemon=True).start()
    begin = request_of(requests.get())
    driver = Driver(begin, write)
    while True:
        try:
            line = requests.get(timeout=_POLL_SECONDS)
            if not line:
                break
            driver.handle(request_of(line))
        except queue.Empty:
            driver.poll()
    ray.shutdown()


if __name__ == "__main__":
    main()
