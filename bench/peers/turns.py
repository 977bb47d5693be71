"""How the peers that train take their turns: a JSON line asks for a training or for steps of it, and is answered with one."""

import json
import resource
import sys
import time

import torch


def take_turns(make, threads):
    torch.set_num_threads(int(threads))
    training = None
    for line in sys.stdin:
        request = json.loads(line)
        seconds, losses, cpu = [], [], 0
        if "steps" in request:
            started = time.process_time()
            for _ in range(request["steps"]):
                before = time.perf_counter()
                losses.append(training.step())
                seconds.append(time.perf_counter() - before)
            cpu = time.process_time() - started
        else:
            training = make(**request)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "cpu": cpu, "losses": losses, "memory": memory}), flush=True)
