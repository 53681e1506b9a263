"""Triton by PyTriton: each model a function that calls onnxruntime, batched by Triton.

pytriton_server.py THREADS GRPC_PORT HTTP_PORT METRICS_PORT NAME=FILE=FEATURES=MAX_BATCH ...
"""

import sys

import numpy
import onnxruntime
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

threads, grpc_port, http_port, metrics_port = map(int, sys.argv[1:5])


def infer_of(file):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(file, options)
    names = [one.name for one in session.get_outputs()]

    @batch
    def infer(features):
        return dict(zip(names, session.run(names, {"features": features})))

    return names, infer


config = TritonConfig(
    grpc_address="127.0.0.1",
    http_address="127.0.0.1",
    grpc_port=grpc_port,
    http_port=http_port,
    metrics_port=metrics_port,
)
with Triton(config=config) as triton:
    for given in sys.argv[5:]:
        name, file, features, most = given.split("=")
        names, infer = infer_of(file)
        triton.bind(
            model_name=name,
            infer_func=infer,
            inputs=[Tensor(name="features", dtype=numpy.float32, shape=(int(features),))],
            outputs=[Tensor(name=one, dtype=numpy.float32, shape=(-1,)) for one in names],
            config=ModelConfig(max_batch_size=int(most), batcher=DynamicBatcher()),
            strict=False,
        )
    triton.serve()
