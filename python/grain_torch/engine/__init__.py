"""The engine: Gram matrix → weights → certificate, in float64. The mathematics of src/engine, held to it by a test."""

from grain_torch.engine.aggregate import Aggregation, aggregate, aggregate_blocks, aggregator_named, certify_weights
from grain_torch.engine.aggregators import AGGREGATORS, Aggregator
from grain_torch.engine.min_norm import min_norm

__all__ = [
    "AGGREGATORS",
    "Aggregation",
    "Aggregator",
    "aggregate",
    "aggregate_blocks",
    "aggregator_named",
    "certify_weights",
    "min_norm",
]
