"""Event files for test/integration/import.test.ts, written by PyTorch's SummaryWriter and read back by TensorBoard."""

import json
import sys
from pathlib import Path

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

root = Path(sys.argv[1])
for method in ("baseline", "larger"):
    for seed in (0, 1):
        with SummaryWriter(str(root / f"{method}_seed{seed}")) as writer:
            for step in range(1, 21):
                loss = 2 / step + 0.1 * seed
                writer.add_scalar("train/loss", loss, step, new_style=step % 2 == 0)
                writer.add_scalar("train/learning_rate", 1e-3 / step, step, double_precision=True, new_style=True)
                if step % 5 == 0:
                    writer.add_scalar("eval/accuracy", 0.5 + 0.02 * step + 0.01 * seed, step)
                    writer.add_scalar("eval/loss", float("nan") if step == 5 else loss, step)
            writer.add_histogram("weights", torch.arange(10.0), 20)
            writer.add_text("note", "not a number", 20)

read = {}
for folder in sorted(path for path in root.iterdir() if path.is_dir()):
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    series = {tag: [[it.step, it.value] for it in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    for tag in events.Tags()["tensors"]:
        for it in events.Tensors(tag):
            proto = it.tensor_proto
            values = list(proto.float_val) or list(proto.double_val)
            if values:
                series.setdefault(tag, []).append([it.step, values[0]])
    read[folder.name] = series
print(json.dumps(read))
