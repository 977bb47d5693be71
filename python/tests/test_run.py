"""The log of a run on a disk that is full."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from grain_torch.runs import Run, RunDescription
from grain_torch.runs.owner import OwnedError
from grain_torch.runs.predictions import write_predictions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_an_event_that_is_not_whole_is_taken_back(tmp_path: Path) -> None:
    import resource

    run = Run.create(RunDescription("full", group_names=["a", "b"], steps=10), tmp_path)
    run.start()
    log = run.folder / "events.jsonl"
    before = log.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
    try:
        with pytest.raises(OSError, match="only a part of an event"):
            run.warning("a sentence that does not fit any more", number=1)
        assert log.read_bytes() == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    run.end("failed", OSError(28, os.strerror(28)))
    run.close()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["kind"] for event in events] == ["start", "end"]
    assert events[-1]["failure"]["code"] == "diskFull"


def test_a_line_stays_one_for_every_reader(tmp_path: Path) -> None:
    name = "a\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029z"
    with Run.create(RunDescription("ends", group_names=["a", "b"], steps=10), tmp_path) as run:
        run.warning(name, number=1)
        write_predictions(run.folder, [{"index": 0, "target": name}])
    log = (run.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["kind"] for line in log] == ["start", "warning", "end"]
    assert json.loads(log[1])["message"] == name
    (line,) = (run.folder / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["target"] == name


def test_a_script_that_grain_starts_writes_into_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ".grain" / "runs" / "planned"
    folder.mkdir(parents=True)
    planned = {
        "id": "planned",
        "experiment": {"id": "many", "name": "many"},
        "createdAt": "2026-01-01T00:00:00.000Z",
        "aggregator": "mean",
        "seed": {"init": 7, "order": 7},
        "configPath": "grain.yaml",
        "command": ["python", "train.py"],
        "config": {"concurrency": 2},
        "fingerprints": {"config": "abc"},
        "versions": {"grain": "0.0.0"},
    }
    (folder / "run.json").write_text(json.dumps(planned))
    owner = {"pid": os.getppid(), "host": socket.gethostname(), "since": planned["createdAt"], "token": "secret"}
    (folder / "owner.json").write_text(json.dumps(owner))
    monkeypatch.setenv("GRAIN_RUN_FOLDER", str(folder))
    monkeypatch.setenv("GRAIN_RUN_TOKEN", "wrong")
    with pytest.raises(OwnedError):
        Run.create(RunDescription("script", group_names=["a", "b"], steps=10), tmp_path)
    assert json.loads((folder / "run.json").read_text()) == planned

    monkeypatch.setenv("GRAIN_RUN_FOLDER", str(folder))
    monkeypatch.setenv("GRAIN_RUN_TOKEN", "secret")
    with Run.create(RunDescription("script", group_names=["a", "b"], steps=10, config={"lr": 1}), tmp_path) as run:
        assert run.folder == folder
        assert json.loads((folder / "owner.json").read_text())["pid"] == os.getpid()
    assert not (folder / "owner.json").exists()
    manifest = json.loads((folder / "run.json").read_text())
    assert {key: manifest[key] for key in ("id", "experiment", "aggregator", "seed", "command")} == {
        key: planned[key] for key in ("id", "experiment", "aggregator", "seed", "command")
    }
    assert (manifest["steps"], manifest["groups"]["names"]) == (10, ["a", "b"])
    assert manifest["config"] == {"lr": 1, "concurrency": 2}
    # Another run of the same script has a folder of its own.
    with Run.create(RunDescription("script", group_names=["a", "b"], steps=10), tmp_path) as other:
        assert other.folder != folder
