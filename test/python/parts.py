"""Modules of a package without the rest of it."""

import importlib
import importlib.util
import sys
import types


def part_of(package, module):
    """Imports a module and leaves out what its package imports first, which may be slow or fail."""
    if package not in sys.modules:
        empty = types.ModuleType(package)
        empty.__path__ = importlib.util.find_spec(package).submodule_search_locations
        sys.modules[package] = empty
    return importlib.import_module(f"{package}.{module}")
