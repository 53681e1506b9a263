"""Trains a model in PyTorch eager with a DataLoader and Adam, on one thread a process, and says how fast.

python loop.py MODEL FOLDER BATCH SECONDS PROCESSES reads *.npy of FOLDER in the order of their names, and prints
{"samplesPerSecond", "dataShare"}. Several processes share each batch, by DistributedDataParallel over gloo.
"""

import json
import math
import sys
import tempfile
import time
from pathlib import Path

import numpy
import torch
from torch import distributed
from torch.multiprocessing import spawn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from models import MODELS

WARMUP = 5


class Loop:
    """Batch after batch, epoch after epoch; knows how long it has waited for the next batch."""

    def __init__(self, name, folder, batch, rank, processes):
        torch.manual_seed(1)
        torch.set_num_threads(1)
        make, self.loss = MODELS[name]
        model = make()
        self.model = DistributedDataParallel(model) if processes > 1 else model
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4)
        arrays = [torch.from_numpy(numpy.load(file)) for file in sorted(Path(folder).glob("*.npy"))]
        data = TensorDataset(*arrays)
        self.sampler = DistributedSampler(data, processes, rank) if processes > 1 else None
        shuffle = self.sampler is None
        self.loader = DataLoader(data, batch // processes, shuffle, self.sampler, drop_last=True)
        self.epoch, self.batches, self.waited = 0, iter(()), 0.0

    def next_batch(self):
        start = time.perf_counter()
        batch = next(self.batches, None)
        if batch is None:
            if self.sampler:
                self.sampler.set_epoch(self.epoch)
            self.epoch += 1
            self.batches = iter(self.loader)
            batch = next(self.batches)
        self.waited += time.perf_counter() - start
        return batch

    def run(self, steps):
        """Seconds for so many steps."""
        self.waited = 0.0
        start = time.perf_counter()
        for _ in range(steps):
            batch = self.next_batch()
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(self.model, *batch).backward()
            self.optimizer.step()
        return time.perf_counter() - start


def work(rank, name, folder, batch, seconds, processes, store):
    if processes > 1:
        distributed.init_process_group(
            "gloo", init_method=f"file://{store}", rank=rank, world_size=processes
        )
    loop = Loop(name, folder, batch, rank, processes)
    loop.run(WARMUP)
    # All processes have to take the same number of steps.
    steps = torch.tensor(math.ceil(seconds * WARMUP / loop.run(WARMUP)))
    if processes > 1:
        distributed.broadcast(steps, 0)
    taken = loop.run(int(steps))
    if rank == 0:
        rate = int(steps) * batch / taken
        print(json.dumps({"samplesPerSecond": rate, "dataShare": loop.waited / taken}), flush=True)
    if processes > 1:
        distributed.destroy_process_group()


def main(name, folder, batch, seconds, processes):
    with tempfile.TemporaryDirectory() as home:
        rest = (name, folder, int(batch), float(seconds), int(processes), f"{home}/store")
        if int(processes) == 1:
            work(0, *rest)
        else:
            spawn(work, rest, int(processes))


if __name__ == "__main__":
    main(*sys.argv[1:])
