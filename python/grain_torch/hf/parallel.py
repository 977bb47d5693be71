"""What averages gradients before they can be told apart by group is refused by name."""

from __future__ import annotations

from typing import Any

import torch.distributed as dist

from grain_torch.gradients import UnsupportedModelError


def refuse_parallel(args: Any) -> None:
    """Raises UnsupportedModelError for what TrainingArguments ask for."""
    if args.deepspeed or args.fsdp:
        raise UnsupportedModelError(
            f"{'DeepSpeed' if args.deepspeed else 'FSDP'} averages gradients, or cuts up parameters, by itself. "
            "Expected torchrun alone, with the whole model in every process."
        )
    if args.n_gpu > 1:
        raise UnsupportedModelError(
            "DataParallel averages the gradients of several GPUs before they can be told apart by group. "
            "Expected a process for each: torchrun --nproc-per-node; or one GPU: CUDA_VISIBLE_DEVICES."
        )
    if args.world_size > 1 and not (dist.is_available() and dist.is_initialized()):
        raise UnsupportedModelError(f"{args.world_size} processes without torch.distributed. Expected those of torchrun.")
