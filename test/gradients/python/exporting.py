"""The ways in which a PyTorch model becomes an ONNX file."""

import io
import logging
import warnings

import onnx
import torch

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
# The fused path of nn.MultiheadAttention in eval mode has no form in ONNX.
torch.backends.mha.set_fastpath_enabled(False)


def by_dynamo(module, inputs, optimize, dynamic):
    batch = {0: torch.export.Dim("batch", min=2, max=1024)}
    shapes = tuple(batch for _ in inputs) if dynamic else None
    program = torch.onnx.export(
        module, tuple(inputs.values()), input_names=list(inputs), dynamo=True, optimize=optimize, dynamic_shapes=shapes, verbose=False)
    return program.model_proto


def by_torchscript(module, inputs, training, dynamic):
    mode = torch.onnx.TrainingMode
    file = io.BytesIO()
    torch.onnx.export(
        module, tuple(inputs.values()), file, input_names=list(inputs), dynamo=False,
        dynamic_axes={name: {0: "batch"} for name in inputs} if dynamic else None,
        training=mode.TRAINING if training else mode.EVAL, do_constant_folding=not training)
    return onnx.load_from_string(file.getvalue())
