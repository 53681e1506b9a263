"""Writes a model of the benchmark with its loss inside, one batch, and what PyTorch says of both.

python export.py MODEL FOLDER
"""

import json
import math
import sys
import warnings
from pathlib import Path

import torch

from models import make


def main(name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    model, batch = make(name)
    model.train()
    loss = model(*batch)
    loss.backward()
    length = math.sqrt(sum(p.grad.double().square().sum().item() for p in model.parameters()))
    (folder / "expected.json").write_text(json.dumps({"loss": loss.item(), "length": length}))
    for input_name, tensor in zip(["x", "labels"], batch):
        (folder / f"{input_name}.bin").write_bytes(tensor.numpy().tobytes())
    export(name, model, batch, folder / "model.onnx")


def export(name, model, batch, path):
    names = {"input_names": ["x", "labels"], "output_names": ["loss"]}
    warnings.simplefilter("ignore")
    if name == "resnet18":
        # The newer exporter leaves batch normalization in training mode out of the file.
        torch.onnx.export(
            model,
            batch,
            path,
            **names,
            training=torch.onnx.TrainingMode.TRAINING,
            do_constant_folding=False,
            opset_version=17,
            dynamo=False,
        )
        return
    program = torch.onnx.export(model, batch, **names, dynamo=True, opset_version=18)
    program.save(path, external_data=False)


main(sys.argv[1], Path(sys.argv[2]))
