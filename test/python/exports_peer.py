"""What test/integration/export.test.ts compares with: TensorBoard's own reader, and pandas' Parquet engine."""

import json
import sys

import pyarrow.parquet
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

kind, path = sys.argv[1:]
if kind == "tensorboard":
    events = EventAccumulator(path, size_guidance={"scalars": 0}).Reload()
    series = {
        tag: [[it.step, it.value, it.wall_time] for it in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }
    print(json.dumps(series))
else:
    table = pyarrow.parquet.read_table(path)
    print(json.dumps([{**row, "time": row["time"].timestamp()} for row in table.to_pylist()]))
