"""What the tasks of a cluster leave on a node, and what goes there. The cluster itself: test/integration/ray.test.ts."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray")
task = pytest.importorskip("grain_ray.task")

from grain_ray.files import special_files  # noqa: E402

PIPES: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
PROGRAM = "import os, sys; print('begun', flush=True); sys.stdin.read()"


def test_a_folder_outlives_its_process_until_the_next_one_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    making = (
        "import sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from grain_ray.task import scratch_folder\n"
        "root, lock = scratch_folder(); print(root, flush=True); sys.stdin.read()"
    )
    own, lock = task.scratch_folder()
    with subprocess.Popen([sys.executable, "-c", making, str(tmp_path)], **PIPES) as child:
        left = Path(os.fsdecode(child.stdout.readline().strip()))
        task.sweep()
        assert left.is_dir()
        child.kill()
    task.sweep()
    assert not left.exists()
    assert own.is_dir()
    os.close(lock)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_program_that_a_killed_task_has_left_is_ended() -> None:
    def program(folder: str) -> Any:
        environment = {**os.environ, "GRAIN_RUN_FOLDER": folder}
        return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, start_new_session=True, **PIPES)

    with (
        program("/tmp/grain-ray-x/.grain/runs/some-run-seed0") as left,
        program("/tmp/grain-ray-x/.grain/runs/some-run-seed01") as other,
        program("/tmp/project/.grain/runs/some-run-seed0") as local,
    ):
        for each in (left, other, local):
            assert each.stdout.readline() == b"begun\n"
        task.end_programs_of("some-run-seed0")
        assert left.wait(60) == -signal.SIGKILL
        for each in (other, local):
            assert each.poll() is None
            each.kill()


def test_what_cannot_be_read_stays(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.csv").touch()
    (tmp_path / "data/back").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "data/a pipe!")
    (tmp_path / "linked").symlink_to(tmp_path / "data/a pipe!")
    (tmp_path / "broken").symlink_to(tmp_path / "nothing")
    (tmp_path / ".git").mkdir()
    os.mkfifo(tmp_path / ".git/pipe")
    assert sorted(special_files(tmp_path, [".git"])) == [r"/data/a\ pipe\!", "/linked"]
