"""Times the forward pass and the training step of a model in PyTorch eager, on one thread.

python step.py MODEL SECONDS prints {"forwardMs", "stepMs", "peakMb"}.
"""

import json
import resource
import sys
import time

from models import make


def timed(work, seconds):
    """The median of as many runs as fit, after as long a warm-up."""
    times = []
    for span in (seconds / 2, seconds):
        times.clear()
        end = time.perf_counter() + span
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e3


def main(name, seconds):
    model, batch = make(name)
    model.train()

    def step():
        model.zero_grad(set_to_none=True)
        model(*batch).backward()

    result = {"forwardMs": timed(lambda: model(*batch), seconds), "stepMs": timed(step, seconds)}
    result["peakMb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps(result))


main(sys.argv[1], float(sys.argv[2]))
