"""Errors that the run process recognizes by their codes."""


class ModelError(Exception):
    """The checkpoint and the settings do not fit together."""


class CheckpointError(Exception):
    """A checkpoint cannot be read."""


class ImageError(Exception):
    """A file is not an image that can be read; the message names it."""
