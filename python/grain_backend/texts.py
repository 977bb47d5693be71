"""Texts to token ids and back, by transformers' own tokenizer of a checkpoint."""

from typing import Any

import numpy as np
from transformers import AutoTokenizer

from .errors import CheckpointError


class Texts:
    """The tokenizer of a folder. Raises CheckpointError if transformers cannot open it."""

    def __init__(self, folder: str) -> None:
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, ImportError, KeyError, TypeError) as error:
            raise CheckpointError(f"the tokenizer in {folder} cannot be opened: {str(error).splitlines()[0]}") from error

    def special_ids(self) -> dict[str, int | None]:
        """Ids of the tokens for padding, end and beginning of a text."""
        own = self._tokenizer
        return {"padId": own.pad_token_id, "eosId": own.eos_token_id, "bosId": own.bos_token_id}

    def encode(self, text: str, pair: str | None, max_length: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Ids, and for each whether it belongs to the second text."""
        if max_length is None:
            ids = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
            return np.array(ids, np.int32), np.zeros(len(ids), np.int32)
        encoded = self._tokenizer(
            text, pair, truncation="longest_first", max_length=max_length, return_token_type_ids=True, verbose=False
        )
        ids = encoded["input_ids"]
        types = encoded.get("token_type_ids") or [0] * len(ids)
        return np.array(ids, np.int32), np.array(types, np.int32)

    def decode(self, ids: np.ndarray) -> str:
        """A text without special tokens."""
        text: str = self._tokenizer.decode(ids.tolist(), skip_special_tokens=True)
        return text
