"""Warnings to the user of the library."""

from __future__ import annotations

import warnings


class GrainWarning(UserWarning):
    """A run works, but not as it might be expected to."""


def warn(message: str) -> None:
    """Warns once per message."""
    warnings.warn(message, GrainWarning, stacklevel=3)
