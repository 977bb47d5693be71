"""The log of a run on a disk that is full."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from grain_torch.runs import Run, RunDescription

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
