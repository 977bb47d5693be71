"""Runs on disk, in the format that the panels read (docs/run-format.md)."""

from grain_torch.runs.manifest import RunDescription
from grain_torch.runs.owner import OwnedError
from grain_torch.runs.run import Run, SilentRun

__all__ = ["OwnedError", "Run", "RunDescription", "SilentRun"]
