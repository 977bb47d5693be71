"""Images as a network takes them: read by Pillow, then resized and normalized by the checkpoint's own image processor."""

import importlib.util
import io
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoImageProcessor

from .batches import ImageBatch
from .errors import ImageError, ModelError

# Images that were prepared stay in memory up to so many bytes.
KEPT_BYTES = 2 << 30


def images_for(folder: str, config: Any) -> "Images":
    """Those of the last run, if they are prepared in the same way."""
    return _images(folder, "L" if getattr(config, "num_channels", 3) == 1 else "RGB")


class Images:
    """Prepares images. Raises ModelError if Pillow, or the processor's description, is missing."""

    def __init__(self, folder: str, mode: str) -> None:
        if importlib.util.find_spec("PIL") is None:
            raise ModelError("images are read by Pillow, which this Python lacks: python -m pip install pillow")
        try:
            self._processor: Any = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
        except (OSError, ValueError, ImportError, KeyError, TypeError) as error:
            raise ModelError(f"{folder} has no image processor: {str(error).splitlines()[0]}") from error
        self._mode = mode
        self._readers = ThreadPoolExecutor(thread_name_prefix="images")
        self._kept: dict[str, Tensor] = {}
        self._kept_bytes = 0

    def pixels(self, batch: ImageBatch) -> Tensor:
        """examples × channels × height × width."""
        if batch.paths:
            return torch.stack(list(self._readers.map(self._read, batch.paths, batch.contents())))
        return torch.stack([self._prepared(self._drawn(pixels)) for pixels in batch.pixels])

    def missing(self, names: list[str]) -> np.ndarray:
        """Places of the images that are not kept."""
        return np.array([at for at, name in enumerate(names) if name not in self._kept], np.int32)

    def _read(self, path: str, content: np.ndarray) -> Tensor:
        from PIL import Image, UnidentifiedImageError

        known = self._kept.get(path)
        if known is not None:
            return known
        try:
            with Image.open(io.BytesIO(content.data) if len(content) > 0 else path) as image:
                prepared = self._prepared(image.convert(self._mode))
        except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise ImageError(f"{path} cannot be read as an image: {error}") from error
        if self._kept_bytes < KEPT_BYTES:
            self._kept[path] = prepared
            self._kept_bytes += prepared.nbytes
        return prepared

    def _drawn(self, pixels: np.ndarray) -> Any:
        from PIL import Image

        eight_bits = np.rint(pixels * 255).astype(np.uint8)
        return Image.fromarray(eight_bits[..., 0] if eight_bits.shape[-1] == 1 else eight_bits).convert(self._mode)

    def _prepared(self, image: Any) -> Tensor:
        prepared: Tensor = self._processor(image, return_tensors="pt")["pixel_values"][0]
        return prepared


@lru_cache(maxsize=1)
def _images(folder: str, mode: str) -> Images:
    return Images(folder, mode)
