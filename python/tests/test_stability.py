"""LNSR of the torch backend on a stack of linear layers, worked by hand, and on a transformer."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from grain_backend.build import Stability
from grain_backend.errors import ModelError
from grain_backend.network import Network
from grain_backend.stability import NoiseStability
from grain_torch.gradients import GroupGradients

B = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
C = torch.tensor([[1.0, 1.0], [0.0, 3.0]])


class _Stack(nn.Module):
    """Examples × tokens × 2 in, a number for each example out."""

    def __init__(self, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = SimpleNamespace(model_type="stack", hidden_size=2)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(nn.Linear(2, 2, bias=False) for _ in range(3))
        self.head = nn.Linear(2, 1)
        with torch.no_grad():
            self.blocks[1].weight.copy_(B)
            self.blocks[2].weight.copy_(C)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = self.dropout(block(x))
        values: Tensor = self.head(x[:, 0])[:, 0]
        return values


def _stability(model: _Stack, layer: int, noise: float, weight: float) -> NoiseStability:
    network = Network(model, dict(model.named_parameters()), [], False, "", ["head"], model.blocks)
    return NoiseStability(network, Stability(layer, noise, weight))


def test_the_term_and_its_gradients_are_those_worked_by_hand() -> None:
    torch.manual_seed(0)
    model = _Stack()
    stability = _stability(model, 1, 0.5, 0.25)
    x = torch.randn(3, 4, 2)
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]])
    source = GroupGradients(model)
    source.reset(2)
    found: list[Tensor] = []
    entering: list[Tensor] = []

    def losses() -> Tensor:
        outputs, unstable = stability.outputs(lambda: model(x), mask)
        found.extend([outputs.detach(), unstable.detach()])
        return unstable

    with model.blocks[1].register_forward_pre_hook(lambda _module, inputs: entering.append(inputs[0].detach())):
        source.backward(losses, torch.tensor([0, 0, 1]))
    noise = entering[0] - entering[1]
    outputs, unstable = found
    torch.testing.assert_close(outputs, model(x))

    # Above layer 1 the noise becomes B ε, then C B ε; the first has the gradient 2 B ε εᵀ by B, the second 2 Cᵀ C B ε εᵀ.
    after_b, after_c = noise @ B.T, noise @ (C @ B).T
    shares = mask / mask.sum(1, keepdim=True)
    expected = 0.25 * ((after_b.square().sum(-1) + after_c.square().sum(-1)) * shares).sum(1)
    torch.testing.assert_close(unstable, expected)
    outer = torch.einsum("eti,etj,et->eij", noise, noise, shares.float())
    by_b = 0.25 * 2 * (B + C.T @ C @ B) @ outer
    by_c = 0.25 * 2 * C @ B @ outer @ B.T
    for parameter, each in ((model.blocks[1].weight, by_b), (model.blocks[2].weight, by_c)):
        for group, rows in enumerate([[0, 1], [2]]):
            row = source.stack.row_of(parameter, group)
            assert row is not None
            torch.testing.assert_close(row, each[rows].mean(0))
    below = source.stack.row_of(model.blocks[0].weight, 0)
    assert below is None or below.abs().max() < 1e-5


def test_the_noise_is_normal_and_by_the_seed() -> None:
    model = _Stack()
    stability = _stability(model, 2, 0.5, 1.0)
    draws = []
    for seed in (3, 3, 4):
        entering: list[Tensor] = []
        with model.blocks[2].register_forward_pre_hook(lambda _module, inputs, seen=entering: seen.append(inputs[0].detach())):
            torch.manual_seed(seed)
            stability.outputs(lambda: model(torch.zeros(50, 40, 2)), None)
        draws.append(entering[0])
        assert not entering[1].any()
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert abs(float(draws[0].std()) / 0.5 - 1) < 0.05
    assert abs(float((draws[0] > 0.5).float().mean()) - 0.159) < 0.03


def test_both_passes_have_the_same_dropout() -> None:
    model = _Stack(dropout=0.5).train()
    x = torch.randn(6, 4, 2)
    torch.manual_seed(5)
    plain = model(x)
    torch.manual_seed(5)
    outputs, unstable = _stability(model, 1, 0.0, 1.0).outputs(lambda: model(x), None)
    assert torch.equal(outputs, plain)
    assert not unstable.any()


def test_layers_of_transformers_that_give_more_than_hidden_states() -> None:
    from models import bert

    case = bert(hidden_dropout_prob=0.2)
    network = Network(case.model, dict(case.model.named_parameters()), [], False, "bert", [], case.model.bert.encoder.layer)
    source = GroupGradients(case.model)
    rows = []
    for weight in (0.0, 1.0):
        stability = NoiseStability(network, Stability(1, 0.3, weight))
        source.reset(3)
        torch.manual_seed(1)

        def losses(stability: NoiseStability = stability) -> Tensor:
            outputs, unstable = stability.outputs(lambda: case.call(case.model, case.inputs), None)
            return functional.cross_entropy(outputs, case.targets, reduction="none") + unstable

        source.backward(losses, torch.arange(3).repeat(4))
        rows.append(source.losses.copy())
    torch.manual_seed(1)
    alone = functional.cross_entropy(case.call(case.model, case.inputs), case.targets, reduction="none")
    torch.testing.assert_close(torch.tensor(rows[0]), torch.stack([alone[group::3].mean() for group in range(3)]).double())
    assert (rows[1] > rows[0] + 0.01).all()


@pytest.mark.parametrize(("layer", "width", "message"), [(3, 2, "layer is 3, but the network has 3"), (1, None, "one width")])
def test_what_has_no_layers_above_is_refused(layer: int, width: int | None, message: str) -> None:
    model = _Stack()
    model.config.hidden_size = width
    with pytest.raises(ModelError, match=message):
        _stability(model, layer, 0.1, 1.0)
