#!/usr/bin/env bash
# Style, types and tests of the Python packages, with the tests' Python (npm run test:setup).
set -euo pipefail
cd "$(dirname "$0")/../python"
python="${GRAIN_TEST_PYTHON:-../.cache/python/bin/python}"
# Threads that wait in busy loops take time from others on the same cores.
export OMP_WAIT_POLICY=passive
"$python" -m ruff check .
"$python" -m ruff format --check .
"$python" -m mypy grain_torch grain_backend grain_ray
"$python" -m pytest --quiet --durations=5 "$@"
