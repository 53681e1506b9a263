"""Makes `test/networks/fixtures/onnx-files.bin.br`: a small CNN as PyTorch exports it, and 20 steps that PyTorch trains it on.

    pip install -r test/gradients/python/requirements.txt
    python test/networks/python/onnx_files.py

It has learned five of the digits of scikit-learn, drawn larger. It is exported in three ways; the steps, in float64, go on
from there with the statistics of its batches as they are and nothing dropped.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent.parent / "gradients" / "python"))

from exporting import by_dynamo, by_torchscript  # noqa: E402
from packed import Pack  # noqa: E402

SIDE, CLASSES = 28, 5
STEPS, BATCH = 20, 8
OPTIMIZER = {"type": "adam", "learningRate": 0.003}


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, stride=2, padding=2)
        self.norm1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 12, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(12)
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(12 * 7 * 7, CLASSES)

    def forward(self, image):
        x = F.relu(self.norm1(self.conv1(image)))
        x = F.max_pool2d(F.relu(self.norm2(self.conv2(x))), 2)
        return self.fc(self.dropout(x.flatten(1)))


def samples():
    """Five of the digits, with values from 0 to 255 in steps that bytes have."""
    digits = load_digits()
    chosen = digits.target < CLASSES
    images = torch.tensor(digits.images[chosen]).unsqueeze(1) / 16
    large = F.interpolate(images, (20, 20), mode="bilinear")
    return F.pad(large, (4, 4, 4, 4)).mul(255).round(), torch.tensor(digits.target[chosen])


def learned(images, labels):
    torch.manual_seed(7)
    model = Cnn()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(8):
        for rows in torch.randperm(len(images)).split(32):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows].float() / 255), labels[rows]).backward()
            optimizer.step()
    return model


def curve(pack, model, images, labels):
    twin = Cnn().double().eval()
    twin.load_state_dict(model.state_dict())
    # Scores begin far from the labels: what is called 0 is a 1 now, and so on.
    rows = torch.arange(STEPS * BATCH) * 5
    shown, wanted = images[rows], (labels[rows] + 1) % CLASSES
    optimizer = torch.optim.Adam(twin.parameters(), lr=OPTIMIZER["learningRate"], betas=(0.9, 0.999), eps=1e-8)
    losses = []
    for step in range(STEPS):
        part = slice(step * BATCH, (step + 1) * BATCH)
        loss = F.cross_entropy(twin(shown[part] / 255), wanted[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {
        "optimizer": OPTIMIZER,
        "batch": BATCH,
        "images": pack.array(shown.reshape(len(rows), -1).numpy().astype(np.uint8)),
        "labels": pack.array(wanted.numpy().astype(np.uint8)),
        "losses": pack.array(np.array(losses)),
    }


def main():
    images, labels = samples()
    model = learned(images, labels)
    one = {"image": torch.zeros(1, 1, SIDE, SIDE)}
    some = {"image": torch.zeros(4, 1, SIDE, SIDE)}
    # A file for training is written by a model that trains, whose statistics that must not move.
    for norm in (model.norm1, model.norm2):
        norm.momentum = 0
    training = by_torchscript(model.train(), one, True, False)
    model.eval()
    files = {
        # Batch normalization and dropout as in training, for one sample.
        "training": training,
        # Normalization folded into the convolutions, for any number of samples.
        "folded": by_torchscript(model, some, False, True),
        # By the newer exporter, for one sample.
        "dynamo": by_dynamo(model, one, False, False),
    }
    pack = Pack()
    with torch.no_grad():
        scores = model.double()(images[:BATCH] / 255).numpy()
        model.float()
    header = {
        "torch": torch.__version__,
        "classes": CLASSES,
        "files": {name: pack.blob(file.SerializeToString()) for name, file in files.items()},
        "scores": pack.array(scores),
        "shown": pack.array(images[:BATCH].reshape(BATCH, -1).numpy().astype(np.uint8)),
        "curve": curve(pack, model, images, labels),
    }
    size = pack.write(HERE.parent / "fixtures/onnx-files.bin.br", header)
    print(f"{size} bytes")


if __name__ == "__main__":
    main()
