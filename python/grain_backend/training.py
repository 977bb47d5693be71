"""The steps of a stage: the groups' gradients, the direction that is made of them, and the update."""

from functools import partial

import numpy as np

from grain_torch.gradients.stack import GradientStack

from .ascent import gradients_uphill
from .build import Build
from .directions import Direction, drop_signs, inner_of, length2_of, moved
from .gradients import GradientPass
from .messages import DropSigns, Gradients, ImageGradients, Update
from .mixout import Mixout
from .network import Network
from .optimizers import AdamW, build_optimizer
from .passes import Passes
from .ranks import Ranks
from .step import Measured, Step


class Training:
    """Trains all parameters of a network, or its head, with an optimizer of its own."""

    def __init__(self, network: Network, passes: Passes, spec: Build, mixout: Mixout | None, *, head_only: bool) -> None:
        """What is not trained has no gradients in the passes."""
        for name, parameter in network.trained.items():
            parameter.requires_grad_(not head_only or network.is_head(name))
        self.parameters = [parameter for parameter in network.trained.values() if parameter.requires_grad]
        self.optimizer = build_optimizer(spec.optimizer, self.parameters)
        # The block of each parameter.
        self.blocks = [0] * len(self.parameters)
        self._network = network
        self._spec = spec
        self._mixout = mixout
        self._pass = GradientPass(network.model, passes, self.parameters, accumulate=spec.accumulate)
        self._step: Step | None = None
        # What the step follows, where no weights say it.
        self._direction: Direction | None = None

    @property
    def separately(self) -> str | None:
        """Why there is a pass for each group, if that was not asked for."""
        return self._pass.separately

    @property
    def _pending(self) -> Step:
        assert self._step is not None
        return self._step

    def gradients(self, request: Gradients | ImageGradients) -> tuple[np.ndarray, np.ndarray]:
        """Each group's loss, and the Gram matrices of the blocks; the gradients stay here."""
        self._step = None
        self._network.train()
        sizes = np.diff(request.bounds).tolist()
        ascent = self._spec.ascent
        run = partial(self._run, request)
        losses, stack = run() if ascent is None else gradients_uphill(run, self.parameters, sizes, ascent, request.seed)
        step = Step(self.parameters, stack, self.blocks)
        if self._spec.metric == "preconditioned":
            assert isinstance(self.optimizer, AdamW)
            step.use_metric_of(self.optimizer, sizes)
        self._step = step
        return losses, step.grams()

    def _run(self, request: Gradients | ImageGradients) -> tuple[np.ndarray, GradientStack]:
        if self._mixout is None:
            return self._pass.run(request, request.seed)
        with self._mixout.mixed(request.seed) as factors:
            losses, stack = self._pass.run(request, request.seed)
        for weight, factor in factors.items():
            stack.multiply(weight, factor)
        return losses, stack

    def meet(self) -> np.ndarray:
        """⟨d, g⟩ of the last gradient; 0 before there is a d."""
        if self._direction is None:
            return np.zeros(1)
        return inner_of(self._direction, self.parameters, self._pending.stack)

    def move(self, share: float) -> float:
        """d ← (1 − share)d + share · g of the last gradient; returns ‖d‖²."""
        self._direction = moved(self._direction, self.parameters, self._pending.stack, share)
        return length2_of(self._direction)

    def drop_signs(self, request: DropSigns) -> tuple[np.ndarray, float]:
        """Makes GradDrop's d; returns ⟨d, gᵢ⟩ and ‖d‖²."""
        stack = self._pending.stack
        self._direction = drop_signs(self.parameters, stack, request.groups, request.leak, request.seed)
        return inner_of(self._direction, self.parameters, stack), length2_of(self._direction)

    def update(self, request: Update, ranks: Ranks | None) -> tuple[Measured, float | None]:
        """The step by the weights, or by d; returns what was done, and the norm if it was clipped."""
        direction = self._direction
        if request.weights is not None:
            direction = self._pending.combined(request.weights) if request.weights.any() else None
        return self._pending.update(self.optimizer, direction, request, keep=self._spec.guarded, ranks=ranks)

    def correct(self, multipliers: np.ndarray) -> Measured:
        """Adds MΣ λᵢgᵢ to the last update."""
        return self._pending.correct(multipliers)

    def drop_step(self) -> None:
        """Frees the gradients and the direction."""
        self._step = None
        self._direction = None

    def discard(self) -> None:
        """As `drop_step`, and what the optimizer has prepared for the step."""
        self.drop_step()
        self.optimizer.discard()
