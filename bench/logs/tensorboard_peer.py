"""Scalars as TensorBoard keeps them: `write FILE FOLDER` makes event files of a JSON object of lists, `read FOLDER` loads them."""

import json
import resource
import sys
import time

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter


def write(file: str, folder: str) -> None:
    with open(file, encoding="utf-8") as opened:
        series: dict[str, list[float]] = json.load(opened)
    writer = EventFileWriter(folder, max_queue_size=1000, flush_secs=120)
    for step, values in enumerate(zip(*series.values(), strict=True), 1):
        scalars = [
            Summary.Value(tag=tag, simple_value=value)
            for tag, value in zip(series, values, strict=True)
        ]
        writer.add_event(Event(step=step, wall_time=step / 50, summary=Summary(value=scalars)))
    writer.close()


def read(folder: str) -> None:
    began, used = time.perf_counter(), time.process_time()
    # 0: every value, as we show every step; by default it keeps a random 10,000 of each series.
    accumulator = EventAccumulator(folder, size_guidance={"scalars": 0})
    accumulator.Reload()
    tags = accumulator.Tags()["scalars"]
    points = sum(len(accumulator.Scalars(tag)) for tag in tags)
    ms = 1000 * (time.perf_counter() - began)
    cpu = 1000 * (time.process_time() - used)
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": ms, "cpu": cpu, "mib": mib, "points": points}))


if sys.argv[1] == "write":
    write(sys.argv[2], sys.argv[3])
else:
    read(sys.argv[2])
