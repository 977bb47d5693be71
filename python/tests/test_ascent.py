"""SAM and TSAM of the torch backend against autograd through their authors' formulas."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from grain_backend.ascent import gradients_uphill
from grain_backend.build import Ascent, Neighborhood
from grain_torch.gradients import GroupGradients
from grain_torch.gradients.stack import GradientStack

SIZES = [2, 4]
IDS = torch.tensor([0, 0, 1, 1, 1, 1])
TOKENS = torch.tensor([3, 1, 1, 6, 3, 1])


class _Words(nn.Module):
    """An embedding, whose gradients have rows of its own, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(8, 3)
        self.classifier = nn.Linear(3, 2)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(torch.tanh(self.embedding(tokens)))
        return logits


def _losses(model: nn.Module) -> torch.Tensor:
    return functional.cross_entropy(model(TOKENS), torch.tensor([0, 1, 1, 0, 1, 0]), reduction="none")


def _flat(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensor.detach().flatten() for tensor in tensors]).double()


class _Passes:
    """Passes over one batch, and where the parameters were in each."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.model = _Words()
        self.parameters = list(self.model.parameters())
        self.places: list[torch.Tensor] = []
        self._source = GroupGradients(self.model)

    def run(self) -> tuple[np.ndarray, GradientStack]:
        self.places.append(_flat([parameter.data for parameter in self.parameters]).clone())
        self._source.reset(2)
        self._source.backward(lambda: _losses(self.model), IDS)
        return self._source.losses.astype(np.float32), self._source.stack

    def at(self, place: torch.Tensor, group: int | None) -> tuple[float, torch.Tensor]:
        """Loss and gradient of a group, or the batch, by autograd."""
        model = _Words()
        with torch.no_grad():
            nn.utils.vector_to_parameters(place.float(), model.parameters())
        losses = _losses(model)
        loss = losses.mean() if group is None else losses[group == IDS].mean()
        return loss.item(), _flat(list(torch.autograd.grad(loss, list(model.parameters()))))

    def row(self, stack: GradientStack, group: int) -> torch.Tensor:
        rows = [stack.row_of(parameter, group) for parameter in self.parameters]
        return _flat([row for row in rows if row is not None])


@pytest.mark.parametrize("seed", [7, 8])
def test_tsam_tilts_gradients_from_uphill_of_random_places(seed: int) -> None:
    passes = _Passes()
    start = _flat(passes.parameters).clone()
    ascent = Ascent(0.3, None, Neighborhood(samples=3, noise=0.8, tilt=4.0))
    losses, stack = gradients_uphill(passes.run, passes.parameters, SIZES, ascent, seed)
    assert torch.equal(_flat(passes.parameters), start)
    assert len(passes.places) == 6
    beside, uphill = passes.places[::2], passes.places[1::2]
    for place, above in zip(beside, uphill, strict=True):
        torch.testing.assert_close(float((place - start).norm()), 0.8, rtol=1e-5, atol=0)
        gradient = passes.at(place, None)[1]
        torch.testing.assert_close(above - place, 0.3 * gradient / gradient.norm(), rtol=0, atol=1e-6)
    assert (beside[0] - beside[1]).norm() > 0.1
    shares = torch.tensor([4 * passes.at(place, None)[0] for place in uphill]).double().softmax(0)
    assert (shares > 0.01).all()
    for group in range(2):
        found = [passes.at(place, group) for place in uphill]
        expected = sum(share * gradient for share, (_, gradient) in zip(shares, found, strict=True))
        torch.testing.assert_close(passes.row(stack, group), expected, rtol=0, atol=1e-6)
        loss = sum(float(share) * own for share, (own, _) in zip(shares, found, strict=True))
        assert abs(losses[group] - loss) < 1e-6


def test_without_noise_tsam_is_sam_but_for_the_losses() -> None:
    rows = []
    for neighborhood in (None, Neighborhood(samples=2, noise=0.0, tilt=1.0)):
        passes = _Passes()
        losses, stack = gradients_uphill(passes.run, passes.parameters, SIZES, Ascent(0.3, None, neighborhood), 7)
        place = passes.places[0 if neighborhood is None else 1]
        assert abs(losses[1] - passes.at(place, 1)[0]) < 1e-6
        rows.append(passes.row(stack, 1))
        torch.testing.assert_close(rows[-1], passes.at(passes.places[1], 1)[1], rtol=0, atol=1e-6)
    torch.testing.assert_close(rows[0], rows[1], rtol=0, atol=1e-7)


def test_parameters_are_back_where_a_pass_fails() -> None:
    passes = _Passes()
    start = _flat(passes.parameters).clone()

    def failing() -> tuple[np.ndarray, GradientStack]:
        if len(passes.places) == 3:
            raise RuntimeError("out of memory")
        return passes.run()

    with pytest.raises(RuntimeError, match="out of memory"):
        gradients_uphill(failing, passes.parameters, SIZES, Ascent(0.3, None, Neighborhood(2, 1.0, 1.0)), 7)
    assert torch.equal(_flat(passes.parameters), start)
