"""Makes `test/optimizers/fixtures/optimizers.bin.br`: what PyTorch's optimizers and schedulers do, in float64.

    pip install -r test/gradients/python/requirements.txt
    python test/optimizers/python/optimizers.py

Each case is a spec as a job has it, and what PyTorch makes of what that spec means. PyTorch has no FTRL, no
LAMB and no Lion: those are the papers' algorithms, line by line, in NumPy.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch.optim import lr_scheduler as schedulers

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "gradients/python"))
from packed import Pack  # noqa: E402

torch.set_default_dtype(torch.float64)
STEPS, WEIGHTS, SAMPLES = 20, 16, 4
KEPT = [1, 2, 5, 10, 20]
STEPS_PER_EPOCH, EPOCHS = 5, 8
TENSORS = [[0, 10], [10, WEIGHTS]]
TOTAL = STEPS_PER_EPOCH * EPOCHS

random = np.random.default_rng(7)
START = random.uniform(0.5, 2, WEIGHTS).astype(np.float32) * random.choice([-1, 1], WEIGHTS).astype(np.float32)
# Of very different size from weight to weight; one weight has no gradient, one has always the same.
MEANS = (random.normal(size=(STEPS, WEIGHTS)) * 10 ** random.uniform(-3, 1.5, WEIGHTS)).astype(np.float32)
MEANS[random.random(MEANS.shape) < 0.1] = 0
MEANS[:, 3] = 0
MEANS[:, 5] = 0.75


def adam(make, betas=(0.9, 0.999), **options):
    return lambda p, lr: make([p], lr=lr, betas=betas, foreach=False, **options)


def torch_case(make, lr, scheduler=None, clip=None, norm=None, l1=0.0, decoupled=0.0):
    """The weights after each step; `decoupled` is a weight decay that PyTorch leaves to its user."""
    p = torch.tensor(START.astype(np.float64)).requires_grad_()
    optimizer = make(p, lr)
    schedule = scheduler(optimizer) if scheduler else None
    seen = []
    for mean in MEANS:
        p.grad = torch.tensor(mean.astype(np.float64))
        if clip is not None:
            torch.nn.utils.clip_grad_value_([p], clip)
        if norm is not None:
            torch.nn.utils.clip_grad_norm_([p], norm)
        with torch.no_grad():
            p.grad += l1 * p.sign()
            p *= 1 - optimizer.param_groups[0]["lr"] * decoupled
        optimizer.step()
        if schedule:
            schedule.step()
        seen.append(p.detach().numpy().copy())
    return np.stack(seen)


def average(weights, decay, warmup):
    """Of the weights of all steps, as PyTorch's EMA (`lerp`) has it, from those before the first step."""
    mean, seen = torch.tensor(START.astype(np.float64)), []
    for t, w in enumerate(weights, 1):
        d = min(decay, (1 + t) / (10 + t)) if warmup else decay
        mean = torch.lerp(mean, torch.tensor(w), 1 - d)
        seen.append(mean.numpy().copy())
    return np.stack(seen)


def lion_case(lr, beta1, beta2, weight_decay):
    """Chen et al. 2023, algorithm 2."""
    theta, m, seen = START.astype(np.float64), np.zeros(WEIGHTS), []
    for g in MEANS.astype(np.float64):
        update = np.sign(beta1 * m + (1 - beta1) * g)
        theta = theta - lr * (update + weight_decay * theta)
        m = beta2 * m + (1 - beta2) * g
        seen.append(theta)
    return np.stack(seen)


def lamb_case(lr, beta1=0.9, beta2=0.999, eps=1e-6, decay=0.01, norm=None):
    """You et al. 2020, algorithm 2, with phi(z) = z; the vector is of two tensors."""
    w, m, v, seen = START.astype(np.float64), np.zeros(WEIGHTS), np.zeros(WEIGHTS), []
    for t, g in enumerate(MEANS.astype(np.float64), 1):
        if norm is not None:
            g = g * min(1, norm / (np.linalg.norm(g) + 1e-6))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        r = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps) + decay * w
        ratio = np.concatenate([np.full(b - a, np.linalg.norm(w[a:b]) / np.linalg.norm(r[a:b])) for a, b in TENSORS])
        w = w - lr * ratio * r
        seen.append(w)
    return np.stack(seen)


def ftrl_case(start, alpha, beta, l1, l2):
    """McMahan et al. 2013, algorithm 1. From weights other than 0, z begins as though beta / alpha of them had been seen."""
    n, seen = np.zeros(WEIGHTS), []
    z = -beta / alpha * start.astype(np.float64)
    predict = lambda: np.where(np.abs(z) <= l1, 0, -(z - np.sign(z) * l1) / ((beta + np.sqrt(n)) / alpha + l2))
    w = start.astype(np.float64)
    for g in MEANS.astype(np.float64):
        sigma = (np.sqrt(n + g * g) - np.sqrt(n)) / alpha
        z = z + g - sigma * w
        n = n + g * g
        w = predict()
        seen.append(w)
    return np.stack(seen)


def optimizer_cases():
    o = torch.optim
    sgd = lambda **k: lambda p, lr: o.SGD([p], lr=lr, foreach=False, **k)
    rms = lambda **k: lambda p, lr: o.RMSprop([p], lr=lr, foreach=False, **k)
    grad = lambda **k: lambda p, lr: o.Adagrad([p], lr=lr, foreach=False, **k)
    zeros = np.zeros(WEIGHTS, np.float32)
    warm = lambda p: schedulers.SequentialLR(
        p, [schedulers.LinearLR(p, 0.1, total_iters=6), schedulers.CosineAnnealingLR(p, TOTAL - 6)], [6])
    yield "sgd", {"type": "sgd", "learningRate": 0.01}, torch_case(sgd(), 0.01)
    yield "sgd, L2", {"type": "sgd", "learningRate": 0.01, "weightDecay": 0.1}, torch_case(sgd(weight_decay=0.1), 0.01)
    yield "sgd, momentum", {"type": "sgd", "learningRate": 0.01, "momentum": 0.9, "weightDecay": 0.1}, torch_case(sgd(momentum=0.9, weight_decay=0.1), 0.01)
    yield "sgd, Nesterov", {"type": "sgd", "learningRate": 0.01, "momentum": 0.9, "nesterov": True}, torch_case(sgd(momentum=0.9, nesterov=True), 0.01)
    yield "sgd, decoupled", {"type": "sgd", "learningRate": 0.01, "momentum": 0.9, "weightDecay": 0.5, "decoupled": True}, torch_case(sgd(momentum=0.9), 0.01, decoupled=0.5)
    yield "sgd, L1", {"type": "sgd", "learningRate": 0.01, "l1": 0.3}, torch_case(sgd(), 0.01, l1=0.3)
    yield "sgd, clipped", {"type": "sgd", "learningRate": 0.01, "clipValue": 0.5}, torch_case(sgd(), 0.01, clip=0.5)
    yield "sgd, clipped by norm", {"type": "sgd", "learningRate": 0.1, "clipNorm": 2.5}, torch_case(sgd(), 0.1, norm=2.5)
    yield "adam, clipped by norm, penalties", {"type": "adam", "weightDecay": 0.1, "l1": 0.3, "clipNorm": 30}, torch_case(adam(o.Adam, weight_decay=0.1), 0.001, norm=30, l1=0.3)
    yield "sgd, all penalties", {"type": "sgd", "learningRate": 0.01, "momentum": 0.9, "weightDecay": 0.1, "l1": 0.3, "clipValue": 0.5}, torch_case(sgd(momentum=0.9, weight_decay=0.1), 0.01, l1=0.3, clip=0.5)
    yield "adagrad", {"type": "adagrad"}, torch_case(grad(), 0.01)
    yield "adagrad, L2", {"type": "adagrad", "learningRate": 0.1, "epsilon": 1e-3, "weightDecay": 0.1}, torch_case(grad(eps=1e-3, weight_decay=0.1), 0.1)
    yield "rmsprop", {"type": "rmsprop"}, torch_case(rms(), 0.01)
    yield "rmsprop, centered", {"type": "rmsprop", "centered": True, "alpha": 0.9}, torch_case(rms(centered=True, alpha=0.9), 0.01)
    yield "rmsprop, momentum", {"type": "rmsprop", "momentum": 0.9, "weightDecay": 0.1}, torch_case(rms(momentum=0.9, weight_decay=0.1), 0.01)
    yield "rmsprop, both", {"type": "rmsprop", "momentum": 0.9, "centered": True, "epsilon": 1e-3}, torch_case(rms(momentum=0.9, centered=True, eps=1e-3), 0.01)
    yield "adam", {"type": "adam"}, torch_case(adam(o.Adam), 0.001)
    yield "adam, L2", {"type": "adam", "learningRate": 0.01, "beta1": 0.8, "beta2": 0.9, "weightDecay": 0.1}, torch_case(adam(o.Adam, (0.8, 0.9), weight_decay=0.1), 0.01)
    yield "adam, amsgrad", {"type": "adam", "beta2": 0.7, "amsgrad": True}, torch_case(adam(o.Adam, (0.9, 0.7), amsgrad=True), 0.001)
    yield "adamw", {"type": "adamw", "learningRate": 0.01, "weightDecay": 0.1}, torch_case(adam(o.AdamW, weight_decay=0.1), 0.01)
    yield "adamw, amsgrad", {"type": "adamw", "beta2": 0.7, "weightDecay": 0.1, "amsgrad": True}, torch_case(adam(o.AdamW, (0.9, 0.7), weight_decay=0.1, amsgrad=True), 0.001)
    yield "adamax", {"type": "adamax"}, torch_case(adam(o.Adamax), 0.002)
    yield "adamax, L2", {"type": "adamax", "beta2": 0.9, "weightDecay": 0.1}, torch_case(adam(o.Adamax, (0.9, 0.9), weight_decay=0.1), 0.002)
    yield "nadam", {"type": "nadam"}, torch_case(adam(o.NAdam), 0.002)
    yield "nadam, L2", {"type": "nadam", "momentumDecay": 0.1, "weightDecay": 0.1}, torch_case(adam(o.NAdam, momentum_decay=0.1, weight_decay=0.1), 0.002)
    yield "nadam, decoupled", {"type": "nadam", "weightDecay": 0.1, "decoupled": True}, torch_case(adam(o.NAdam, weight_decay=0.1, decoupled_weight_decay=True), 0.002)
    yield "lamb", {"type": "lamb"}, lamb_case(0.001)
    yield "lamb, clipped by norm", {"type": "lamb", "learningRate": 0.05, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3, "weightDecay": 0.5, "clipNorm": 20}, lamb_case(0.05, 0.8, 0.9, 1e-3, 0.5, norm=20)
    yield "lion", {"type": "lion"}, lion_case(1e-4, 0.9, 0.99, 0)
    yield "lion, weight decay", {"type": "lion", "learningRate": 0.01, "beta1": 0.8, "beta2": 0.9, "weightDecay": 0.1}, lion_case(0.01, 0.8, 0.9, 0.1)
    yield "ftrl, from 0", {"type": "ftrl"}, ftrl_case(zeros, 0.1, 1, 0, 0)
    yield "ftrl, from 0, penalties", {"type": "ftrl", "beta": 0.5, "l1": 0.5, "l2": 0.1}, ftrl_case(zeros, 0.1, 0.5, 0.5, 0.1)
    yield "ftrl, from other weights", {"type": "ftrl", "learningRate": 0.5, "l1": 0.5, "l2": 0.1}, ftrl_case(START, 0.5, 1, 0.5, 0.1)
    yield "adamw, warm-up and cosine", {"type": "adamw", "learningRate": 0.01, "weightDecay": 0.1, "clipValue": 0.5, "schedule": {"type": "cosine", "unit": "step", "warmup": {"length": 6, "from": 0.1}}}, torch_case(adam(o.AdamW, weight_decay=0.1), 0.01, warm, clip=0.5)


def rates(make, lr=0.1):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = make(optimizer)
    seen = []
    for _ in range(TOTAL):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def schedule_cases():
    s = schedulers
    epoch = STEPS_PER_EPOCH
    once = lambda make, from_, length: lambda o: s.SequentialLR(o, [s.LinearLR(o, from_, total_iters=length), make(o)], [length])
    one = lambda **k: lambda o: s.OneCycleLR(o, 0.1, TOTAL, cycle_momentum=False, **k)
    yield "constant", {"type": "constant"}, rates(lambda o: s.ConstantLR(o, 1.0))
    yield "step, epochs", {"type": "step", "every": 2, "factor": 0.5}, rates(lambda o: s.StepLR(o, 2 * epoch, 0.5))
    yield "step, steps", {"type": "step", "every": 7, "factor": 0.3, "unit": "step"}, rates(lambda o: s.StepLR(o, 7, 0.3))
    yield "multi-step", {"type": "multi-step", "at": [1, 3, 6.4], "factor": 0.1}, rates(lambda o: s.MultiStepLR(o, [epoch, 3 * epoch, 32], 0.1))
    yield "exponential, epochs", {"type": "exponential", "factor": 0.9}, rates(lambda o: s.LambdaLR(o, lambda t: 0.9 ** (t // epoch)))
    yield "exponential, steps", {"type": "exponential", "factor": 0.97, "unit": "step"}, rates(lambda o: s.ExponentialLR(o, 0.97))
    yield "cosine", {"type": "cosine"}, rates(lambda o: s.CosineAnnealingLR(o, TOTAL))
    yield "cosine, end", {"type": "cosine", "end": 0.05}, rates(lambda o: s.CosineAnnealingLR(o, TOTAL, 0.005))
    yield "cosine, restarts", {"type": "cosine", "cycle": 2, "end": 0.01}, rates(lambda o: s.CosineAnnealingWarmRestarts(o, 2 * epoch, 1, 0.001))
    yield "cosine, longer restarts", {"type": "cosine", "cycle": 3, "growth": 2, "unit": "step"}, rates(lambda o: s.CosineAnnealingWarmRestarts(o, 3, 2))
    yield "one-cycle", {"type": "one-cycle"}, rates(one())
    yield "one-cycle, linear", {"type": "one-cycle", "shape": "linear", "start": 0.1, "end": 0.01, "rise": 0.45}, rates(one(anneal_strategy="linear", div_factor=10, final_div_factor=10, pct_start=0.45))
    yield "polynomial, straight", {"type": "polynomial"}, rates(lambda o: s.PolynomialLR(o, TOTAL, 1))
    yield "polynomial, square", {"type": "polynomial", "power": 2}, rates(lambda o: s.PolynomialLR(o, TOTAL, 2))
    yield "polynomial, odd power", {"type": "polynomial", "power": 0.9, "end": 0.1}, rates(lambda o: s.LambdaLR(o, lambda t: 0.1 + 0.9 * (1 - t / TOTAL) ** 0.9))
    yield "warm-up, constant", {"type": "constant", "warmup": {"length": 1, "from": 0.5}}, rates(lambda o: s.LinearLR(o, 0.5, total_iters=epoch))
    yield "warm-up, cosine", {"type": "cosine", "warmup": {"length": 2}}, rates(once(lambda o: s.CosineAnnealingLR(o, TOTAL - 2 * epoch), 0.01, 2 * epoch))
    yield "warm-up, step", {"type": "step", "every": 1, "factor": 0.5, "warmup": {"length": 0.6, "from": 0.1}}, rates(once(lambda o: s.StepLR(o, epoch, 0.5), 0.1, 3))
    yield "warm-up, polynomial", {"type": "polynomial", "power": 2, "unit": "step", "warmup": {"length": 4}}, rates(once(lambda o: s.PolynomialLR(o, TOTAL - 4, 2), 0.01, 4))


def main():
    pack = Pack()
    optimizers = []
    for name, spec, weights in optimizer_cases():
        schedule = spec.pop("schedule", {"type": "constant"})
        start = "zeros" if "from 0" in name else "start"
        kept = weights[[step - 1 for step in KEPT]]
        optimizers.append({"name": name, "optimizer": spec, "schedule": schedule, "start": start, "weights": pack.array(kept)})
    averages = []
    for decay, warmup in [(0.9, False), (0.9, True), (0.5, True)]:
        spec = {"type": "lamb", "learningRate": 0.05} if decay == 0.5 else {"type": "adam", "learningRate": 0.1}
        weights = lamb_case(0.05) if decay == 0.5 else torch_case(adam(torch.optim.Adam), 0.1)
        kept = average(weights, decay, warmup)[[step - 1 for step in KEPT]]
        averages.append({"optimizer": spec, "averaging": {"type": "ema", "decay": decay, "warmup": warmup}, "averages": pack.array(kept)})
    schedules = [
        {"name": name, "schedule": spec, "rates": pack.array(np.array(seen))}
        for name, spec, seen in schedule_cases()
    ]
    header = {
        "made": f"torch {torch.__version__}", "samples": SAMPLES, "kept": KEPT, "tensors": TENSORS, "epochs": EPOCHS, "stepsPerEpoch": STEPS_PER_EPOCH,
        "start": pack.array(START), "gradients": pack.array(MEANS * SAMPLES), "optimizers": optimizers, "averages": averages, "schedules": schedules,
    }
    size = pack.write(HERE.parent / "fixtures/optimizers.bin.br", header)
    print(f"{len(optimizers)} optimizers, {len(schedules)} schedules, {size} bytes")


if __name__ == "__main__":
    main()
