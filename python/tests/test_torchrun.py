"""GrainTrainer in two processes of torchrun against one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_trainer import events_of, only_run, parameters_of, trained

# What differs between one process and two is only whose share of a batch the examples are in.
SETTINGS: dict[str, dict[str, Any]] = {
    "slices": {"groups": 4},
    "column": {"groups": "source", "gradient_accumulation_steps": 2},
    "shadow": {"groups": 2, "shadow": 2},
}
PLAIN: dict[str, Any] = {"optim": "sgd", "learning_rate": 0.5, "eval_strategy": "steps", "eval_steps": 2}
# Otherwise the Trainer multiplies the loss by the number of processes, for models that divide it by that of all tokens; BERT
# does not.
PLAIN |= {"average_tokens_across_devices": False, "per_device_eval_batch_size": 6}


def work(folder: Path) -> None:
    """What each process does: this file is torchrun's script."""
    torch.set_num_threads(1)
    for name, settings in SETTINGS.items():
        own = folder / name
        own.mkdir(exist_ok=True)
        os.chdir(own)
        trainer = trained(per_device_train_batch_size=6, save_strategy="steps", save_steps=4, **settings, **PLAIN)
        found = {"parameters": parameters_of(trainer), "log": trainer.state.log_history}
        torch.save(found, own / f"rank{trainer.args.process_index}.pt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("torchrun")
    torchrun = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    subprocess.run([*torchrun, __file__, str(made)], check=True, env=environment)
    return made


@pytest.mark.parametrize("name", SETTINGS)
def test_two_processes_train_as_one(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    one = trained(**SETTINGS[name], **PLAIN)
    expected = events_of(only_run())
    monkeypatch.chdir(folder / name)
    events = events_of(only_run())
    assert json.loads(Path("out/grain_run.json").read_text())["run"] == str(only_run().resolve())
    steps, theirs = ([event for event in log if event["kind"] == "step"] for log in (events, expected))
    assert [step["step"] for step in steps] == [1, 2, 3, 4]
    for step, other in zip(steps, theirs, strict=True):
        assert (step["groups"], step["sizes"]) == (other["groups"], other["sizes"])
        np.testing.assert_allclose(_numbers(step["losses"]), _numbers(other["losses"]), rtol=1e-6)
        np.testing.assert_allclose(step["weights"], other["weights"], atol=1e-5)
        if other["gram"] is not None:
            np.testing.assert_allclose(step["gram"], other["gram"], rtol=1e-5, atol=1e-6)
    validations, others = ([it["metrics"] for it in log if it["kind"] == "validation"] for log in (events, expected))
    assert [it["loss"] for it in validations] == pytest.approx([it["loss"] for it in others], rel=1e-5)
    assert "checkpoint" in [event["kind"] for event in events]
    assert events[-1]["status"] == "finished"
    for rank in range(2):
        found = torch.load(f"rank{rank}.pt", weights_only=False)
        for parameter, value in parameters_of(one).items():
            torch.testing.assert_close(found["parameters"][parameter], value, rtol=1e-6, atol=1e-6)
        losses, others = ([entry["loss"] for entry in log if "loss" in entry] for log in (found["log"], one.state.log_history))
        assert losses == pytest.approx(others, rel=1e-5)


def _numbers(values: list[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


if __name__ == "__main__":
    work(Path(sys.argv[1]))
    # Gloo's threads would otherwise now and then abort a process that ends.
    torch.distributed.destroy_process_group()
