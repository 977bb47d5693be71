"""The wheel that the extension carries, built by Node."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import grain_torch

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def build(folder: Path, zone: str = "UTC") -> Path:
    script = f"import({json.dumps((ROOT / 'python/wheel.mjs').as_uri())}).then((it) => it.buildWheel({json.dumps(str(folder))}))"
    subprocess.run(["node", "--input-type=module", "--eval", script], check=True, env={**os.environ, "TZ": zone})
    (wheel,) = folder.iterdir()
    return wheel


def test_pip_installs_it_and_it_imports(tmp_path: Path) -> None:
    wheel = build(tmp_path / "built")
    target = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    code = "import grain_torch; print(grain_torch.__file__, grain_torch.aggregate([[1, 0], [0, 1]]).weights)"
    environment = {**os.environ, "PYTHONPATH": str(target)}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, env=environment, capture_output=True, text=True
    ).stdout
    assert told == f"{target}/grain_torch/__init__.py [0.5 0.5]\n"
    assert (target / "grain_torch/py.typed").exists()


def test_it_is_the_same_everywhere_and_its_record_holds(tmp_path: Path) -> None:
    wheel = build(tmp_path / "a")
    assert wheel.read_bytes() == build(tmp_path / "b", "Asia/Tokyo").read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    info = f"grain_torch-{grain_torch.__version__}.dist-info"
    for line in files[f"{info}/RECORD"].decode().splitlines():
        name, digest, size = line.rsplit(",", 2)
        if digest:
            sha = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).decode().rstrip("=")
            assert (digest, size) == (f"sha256={sha}", str(len(files[name])))
    metadata = files[f"{info}/METADATA"].decode()
    assert "Requires-Dist: torch>=2.4\n" in metadata
    assert 'Requires-Dist: transformers>=5; extra == "hf"\n' in metadata


def test_its_version_is_the_extensions() -> None:
    assert json.loads((ROOT / "package.json").read_text())["version"] == grain_torch.__version__
