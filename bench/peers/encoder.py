"""PyTorch's side of bench/backends.ts: one JSON line per request on standard input, one answer per line (see engine.ts)."""

import array
import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(int(sys.argv[1]))
LEARNING_RATE = 0.01


class Encoder:
    def __init__(self, model, parameters, file):
        self.model = model
        self.p = {}
        values = array.array("f")
        with open(file, "rb") as source:
            values.frombytes(source.read())
        flat = torch.frombuffer(values, dtype=torch.float32)
        at = 0
        for parameter in parameters:
            shape = parameter["shape"]
            value = flat[at : at + math.prod(shape)].reshape(shape)
            at += value.numel()
            # As torch.nn.Linear keeps them: [out, in].
            if parameter["name"].endswith(("weight", "up", "down")):
                value = value.t()
            self.p[parameter["name"]] = value.clone(memory_format=torch.contiguous_format).requires_grad_(parameter["trained"])
        self.optimizer = torch.optim.SGD([v for v in self.p.values() if v.requires_grad], lr=LEARNING_RATE)
        b, l = model["batch"], model["length"]
        index = torch.arange(b * l)
        self.ids = ((index * 7919 + 13) % model["vocabulary"]).reshape(b, l)
        self.mask = torch.where(index % l < l - l // 8, 0.0, -10000.0).reshape(b, 1, 1, l)
        self.labels = torch.arange(b) % model["classes"]

    def dense(self, x, name):
        y = F.linear(x, self.p[f"{name}.weight"], self.p[f"{name}.bias"])
        if f"{name}.down" in self.p:
            y = y + F.linear(F.linear(x, self.p[f"{name}.down"]), self.p[f"{name}.up"])
        return y

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.p[f"{name}.gamma"], self.p[f"{name}.beta"], 1e-12)

    def loss(self):
        m = self.model
        x = self.norm(F.embedding(self.ids, self.p["tokens"]) + self.p["positions"], "norm")
        for i in range(m["layers"]):
            q, k, v = (
                self.dense(x, f"{i}.{part}").unflatten(-1, (m["heads"], -1)).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            heads = F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask)
            x = self.norm(x + self.dense(heads.transpose(1, 2).flatten(2), f"{i}.mix"), f"{i}.norm1")
            x = self.norm(x + self.dense(F.gelu(self.dense(x, f"{i}.wide")), f"{i}.narrow"), f"{i}.norm2")
        return F.cross_entropy(self.dense(x[:, 0], "head"), self.labels)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        self.optimizer.step()
        return loss.item()


def product(m, k, n):
    a, b = torch.randn(m, k), torch.randn(k, n)

    def run():
        a @ b
        return 0

    return run


run = None
for line in sys.stdin:
    request = json.loads(line)
    seconds, results, cpu = [], [], 0
    if "product" in request:
        run = product(*request["product"])
    elif "model" in request:
        run = Encoder(request["model"], request["parameters"], request["initial"]).step
    else:
        start = time.process_time()
        for _ in range(request["runs"]):
            before = time.perf_counter()
            results.append(run())
            seconds.append(time.perf_counter() - before)
        cpu = (time.process_time() - start) / request["runs"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "results": results, "memory": memory}), flush=True)
