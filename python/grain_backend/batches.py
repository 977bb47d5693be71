"""A batch of examples in groups, as it comes over the pipe."""

from dataclasses import dataclass

import numpy as np

from .schema import Float32, Float64, Int32, Uint8


@dataclass(frozen=True)
class Batch:
    """Examples of token ids, padded to one length; group g has the examples bounds[g] … bounds[g + 1] − 1."""

    ids: Int32
    type_ids: Int32
    lengths: Int32
    bounds: Int32
    # Classes or values; for generation where each answer starts.
    targets: Float64

    def of_group(self, group: int) -> "Batch":
        """The examples of one group, padded only to the longest of them."""
        start, end = self.bounds[group : group + 2]
        lengths = self.lengths[start:end]
        width = lengths.max()
        ids, type_ids = self.ids[start:end, :width], self.type_ids[start:end, :width]
        return Batch(ids, type_ids, lengths, _alone(end - start), self.targets[start:end])


@dataclass(frozen=True)
class ImageBatch:
    """Examples that are images: files, or pixels between 0 and 1, examples × height × width × channels; groups as in `Batch`."""

    # Of files; or where `encoded` has an image, what it is called: another name for each.
    paths: list[str]
    # Bytes of files, one after another, and where each ends; nothing: they are read, or there already.
    encoded: Uint8
    ends: Int32
    pixels: Float32
    bounds: Int32
    targets: Float64

    def of_group(self, group: int) -> "ImageBatch":
        """The examples of one group."""
        start, end = self.bounds[group : group + 2]
        first = self.ends[start - 1] if start > 0 and len(self.ends) > 0 else 0
        ends = self.ends[start:end] - first
        encoded = self.encoded[first : first + ends[-1]] if len(ends) > 0 else self.encoded
        paths, pixels, targets = self.paths[start:end], self.pixels[start:end], self.targets[start:end]
        return ImageBatch(paths, encoded, ends, pixels, _alone(end - start), targets)

    def contents(self) -> list[np.ndarray]:
        """The bytes of each file, not copied; none: it is to be read, or there already."""
        return np.split(self.encoded, self.ends[:-1])


AnyBatch = Batch | ImageBatch


def _alone(count: int) -> np.ndarray:
    """Bounds of a group without others."""
    return np.array([0, count], np.int32)
