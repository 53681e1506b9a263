"""Makes `test/optimizers/fixtures/plateau.bin.br`: what PyTorch's ReduceLROnPlateau makes of some courses of a metric.

    pip install -r test/gradients/python/requirements.txt
    python test/optimizers/python/plateau.py
"""

import sys
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "gradients/python"))
from packed import Pack  # noqa: E402

EPOCHS = 60
random = np.random.default_rng(11)
COURSES = {
    "falls, then stays": np.maximum(0.2, 2 * 0.8 ** np.arange(EPOCHS)),
    "falls and jitters": 2 * 0.9 ** np.arange(EPOCHS) + random.uniform(0, 0.3, EPOCHS),
    "wanders": np.abs(np.cumsum(random.normal(size=EPOCHS))),
    "rises": np.linspace(0.1, 3, EPOCHS),
    "is lost at times": np.where(random.random(EPOCHS) < 0.2, np.nan, 2 * 0.95 ** np.arange(EPOCHS)),
}
SPECS = [
    {},
    {"factor": 0.1, "patience": 0},
    {"factor": 0.7, "patience": 5, "minDelta": 0.05},
    {"factor": 0.5, "patience": 2, "cooldown": 4},
    {"factor": 0.3, "patience": 1, "end": 0.02, "cooldown": 1},
    {"metric": "r2", "patience": 2, "minDelta": 0.01},
]


def rates(values, metric="loss", factor=0.5, patience=3, minDelta=0.0, cooldown=0, end=0.0, lr=0.1):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max" if metric == "r2" else "min", factor=factor, patience=patience, threshold=minDelta,
        threshold_mode="abs", cooldown=cooldown, min_lr=end * lr, eps=0)
    seen = []
    for value in values:
        scheduler.step(value)
        seen.append(optimizer.param_groups[0]["lr"])
    return np.array(seen)


def main():
    pack = Pack()
    cases = [
        {"name": name, "spec": spec, "values": pack.array(values), "rates": pack.array(rates(values, **spec))}
        for name, values in COURSES.items()
        for spec in SPECS
    ]
    size = pack.write(HERE.parent / "fixtures/plateau.bin.br", {"made": f"torch {torch.__version__}", "cases": cases})
    print(f"{len(cases)} cases, {size} bytes")


if __name__ == "__main__":
    main()
