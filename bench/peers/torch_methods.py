"""The Python sides of bench/torch.ts: one step of one method after another, on the same tokens.

    torch_methods.py THREADS    one JSON line per request on standard input, one answer per line
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from turns import take_turns

from grain_torch import Grain
from grain_torch.hf import example_losses

GROUPS = 8
TORCHJD = {"mgda": ("MGDA", "MGDAWeighting"), "upgrad": ("UPGrad", "UPGradWeighting")}


class Training:
    def __init__(self, base, generates, lora, batch, length, vocabulary, method):
        torch.manual_seed(0)
        kind = AutoModelForCausalLM if generates else AutoModelForSequenceClassification
        none = {} if generates else {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        self.model = kind.from_pretrained(base, dtype=torch.float32, **none)
        if lora:
            task = "CAUSAL_LM" if generates else "SEQ_CLS"
            targets = ["q_proj", "v_proj"] if generates else ["query", "value"]
            self.model = get_peft_model(self.model, LoraConfig(task_type=task, r=8, lora_alpha=16, target_modules=targets))
        self.model.train()
        self.trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=1e-4, weight_decay=0.01, fused=True)
        ids = ((torch.arange(batch * length) * 7919 + 13) % vocabulary).reshape(batch, length)
        labels = ids if generates else torch.arange(batch) % 2
        self.given = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
        self.step = getattr(self, method.split(":")[0])(*method.split(":")[1:])

    def losses(self, given):
        return example_losses(self.model, given)

    def plain(self):
        """The mean as PyTorch's users train on it."""

        def step():
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.model(**self.given).loss
            loss.backward()
            self.optimizer.step()
            return loss.item()

        return step

    def grain(self, aggregator, method):
        grain = Grain(self.model, self.optimizer, groups=GROUPS, aggregate=aggregator, method=method)
        return lambda: grain.step(self.losses, self.given).loss

    def group_losses(self):
        losses, counts = self.losses(self.given)
        parts = zip(losses.reshape(GROUPS, -1), counts.reshape(GROUPS, -1), strict=True)
        return torch.stack([(loss * count).sum() / count.sum() for loss, count in parts])

    def autojac(self, name):
        """TorchJD as its README shows it: the Jacobian of the groups' losses, then an aggregator."""
        from torchjd import aggregation
        from torchjd.autojac import backward, jac_to_grad

        aggregator = getattr(aggregation, TORCHJD[name][0])()

        def step():
            self.optimizer.zero_grad(set_to_none=True)
            losses = self.group_losses()
            backward(losses)
            jac_to_grad([parameter for parameter in self.trained if hasattr(parameter, "jac")], aggregator)
            self.optimizer.step()
            return losses.mean().item()

        return step

    def autogram(self, name):
        """TorchJD's Gram matrix without the Jacobian, then one backward pass of the weighted losses."""
        from torchjd import aggregation
        from torchjd.autogram import Engine

        weighting = getattr(aggregation, TORCHJD[name][1])()
        engine = Engine(self.model, batch_dim=None)

        def step():
            self.optimizer.zero_grad(set_to_none=True)
            losses = self.group_losses()
            losses.backward(weighting(engine.compute_gramian(losses)))
            self.optimizer.step()
            return losses.mean().item()

        return step


transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
take_turns(Training, *sys.argv[1:])
