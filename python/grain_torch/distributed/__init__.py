"""One run over several processes, as torchrun starts them: each has some of the groups, and all have the model."""

from grain_torch.distributed.ranks import Ranks, agreed, is_first_process
from grain_torch.distributed.shards import Shards

__all__ = ["Ranks", "Shards", "agreed", "is_first_process"]
