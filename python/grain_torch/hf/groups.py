"""Groups of the examples that a Trainer's batches consist of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from grain_torch.batches import batch_size_of
from grain_torch.distributed import Ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor


class Slices:
    """Consecutive slices of all examples of an optimizer step, its micro-batches one after another.

    Of several processes each cuts its own examples, into its share of the groups.
    """

    by = "microbatch"
    column: str | None = None

    def __init__(self, count: int, own: range) -> None:
        if count < 1:
            raise ValueError(f"the number of groups is {count}. Expected at least 1.")
        self.names = [str(i) for i in range(count)]
        self.own = own

    def ids(self, inputs: dict[str, Any], place: int, micro_batches: int) -> Tensor:
        """`place`: of the micro-batch among those of its step; a slice may reach from one into the next."""
        batch = batch_size_of(inputs)
        return (place * batch + torch.arange(batch)) * len(self.own) // (micro_batches * batch)


class ByColumn:
    """Groups by the values of a column of the data."""

    def __init__(self, column: str, names: Sequence[str]) -> None:
        self.by = f"column:{column}"
        self.column = column
        self.names = list(names)
        self.own = range(len(self.names))
        self._index = {name: i for i, name in enumerate(self.names)}

    def ids(self, inputs: dict[str, Any], _place: int, _micro_batches: int) -> Tensor:
        """Takes the ids out of the inputs."""
        ids: Tensor = inputs.pop(self.column)
        return ids

    def collating(self, collate: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
        """A collator that replaces the column's values by ids."""

        def collated(features: list[Any]) -> Any:
            if not all(isinstance(feature, dict) and self.column in feature for feature in features):
                return collate(features)
            values = [str(feature[self.column]) for feature in features]
            batch = collate([{key: it for key, it in feature.items() if key != self.column} for feature in features])
            # A value that only the evaluation data contain has no group, and needs none.
            batch[self.column] = torch.tensor([self._index.get(value, 0) for value in values])
            return batch

        return collated


def groups_of(groups: int | str, dataset: Any) -> Slices | ByColumn:
    """A number of slices, or the name of a column of the training data."""
    if isinstance(groups, int):
        ranks = Ranks.of(None, torch.device("cpu"))
        return Slices(groups, range(groups) if ranks is None else ranks.share(groups))
    column = groups.removeprefix("column:")
    try:
        is_table = hasattr(dataset, "column_names") and hasattr(dataset, "unique")
        values = dataset.unique(column) if is_table else {example[column] for example in dataset}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'the training data have no column "{column}" to group by.') from error
    return ByColumn(column, sorted({str(value) for value in values}))
