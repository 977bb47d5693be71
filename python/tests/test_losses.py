"""Losses per example, weighed, are transformers' own mean."""

from __future__ import annotations

import torch

from grain_torch.hf.losses import example_losses


def test_places_outside_the_text_do_not_count() -> None:
    from transformers import BertConfig, BertForQuestionAnswering

    sizes = {"vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
    torch.manual_seed(0)
    model = BertForQuestionAnswering(BertConfig(**sizes, max_position_embeddings=16)).eval()
    inputs = {
        "input_ids": torch.randint(1, 40, (5, 7)),
        # Of the second example both are outside, of the third one is.
        "start_positions": torch.tensor([1, 9, 2, 0, 3]),
        "end_positions": torch.tensor([4, 7, 20, 2, 6]),
    }
    losses, counts = example_losses(model, inputs)
    assert counts.tolist() == [1, 0, 1, 1, 1]
    torch.testing.assert_close((losses * counts).sum() / counts.sum(), model(**inputs).loss)
