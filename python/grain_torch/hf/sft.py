"""`GrainSFTTrainer` in place of TRL's `SFTTrainer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trl import SFTTrainer

from grain_torch.gradients import UnsupportedModelError
from grain_torch.hf.trainer import GrainMixin

if TYPE_CHECKING:
    from torch import Tensor


class GrainSFTTrainer(GrainMixin, SFTTrainer):  # type: ignore[misc]
    """TRL's SFTTrainer with the groups' gradients aggregated instead of averaged.

    The loss of an example is the mean over its tokens with labels, and it counts as often as it has them: with the mean,
    training is SFTTrainer's own. Its training metrics `entropy`, `mean_token_accuracy` and `num_tokens` come with its own
    loss, which is computed in evaluations only.

    Example:
        >>> from grain_torch.hf.sft import GrainSFTTrainer
        >>> trainer = GrainSFTTrainer(model=model, args=args, train_dataset=train, groups=8)
        >>> trainer.train()
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        trainer: Any = self
        if trainer.padding_free:
            raise UnsupportedModelError(
                "padding_free, and packing that implies it, put the examples of a batch into one row, so that groups cannot be "
                'told apart. Expected padding_free=False, and no packing or packing_strategy="wrapped".'
            )
        if trainer.aux_loss_enabled:
            raise UnsupportedModelError(
                "the router's loss of a mixture of experts is not one example's. Expected router_aux_loss_coef=0."
            )
        if trainer.args.loss_type != "nll" and self._example_losses is None:
            raise UnsupportedModelError(f'loss_type="{trainer.args.loss_type}". Expected "nll", or example_losses=….')

    def training_step(self, *args: Any, **kwargs: Any) -> Tensor:
        """As GrainMixin's, with TRL's offloading of activations."""
        trainer: Any = self
        with trainer.maybe_activation_offload_context:
            loss: Tensor = super().training_step(*args, **kwargs)
        return loss
