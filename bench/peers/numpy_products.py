"""One timed call for each line on standard input: {"k": …, "d": …, "what": "gram" | "combine"}; seconds on standard output."""

import json
import sys
import time

import numpy

shape = None
for line in sys.stdin:
    request = json.loads(line)
    if shape != (request["k"], request["d"]):
        shape = (request["k"], request["d"])
        gradients = None
        gradients = numpy.random.default_rng(0).standard_normal(shape, dtype=numpy.float32)
        weights = numpy.full(shape[0], 1 / shape[0], dtype=numpy.float32)
        combination = numpy.empty(shape[1], dtype=numpy.float32)
    start = time.perf_counter()
    if request["what"] == "gram":
        gradients @ gradients.T
    else:
        numpy.matmul(weights, gradients, out=combination)
    print(time.perf_counter() - start, flush=True)
