"""What test/unit/training/update/clipping.test.ts compares with: torch.nn.utils.clip_grad_norm_."""

import json
import sys

import torch

results = []
for case in json.loads(sys.argv[1]):
    parameters = []
    for gradient in case["gradients"]:
        parameter = torch.nn.Parameter(torch.zeros(len(gradient)))
        parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        parameters.append(parameter)
    norm = torch.nn.utils.clip_grad_norm_(parameters, case["most"])
    results.append({"norm": norm.item(), "gradients": [parameter.grad.tolist() for parameter in parameters]})
print(json.dumps(results))
