"""tritonclient.grpc.aio: many calls at once in one event loop."""

import asyncio

import numpy as np
import tritonclient.grpc.aio as triton

WIDTH = 16


def inputs_of(a, b):
    inputs = [triton.InferInput("INPUT0", a.shape, "INT32"), triton.InferInput("INPUT1", b.shape, "INT32")]
    inputs[0].set_data_from_numpy(a)
    inputs[1].set_data_from_numpy(b)
    return inputs


def pair(start):
    a = np.arange(start, start + WIDTH, dtype=np.int32).reshape(1, WIDTH)
    return a, np.ones_like(a)


async def check_health(server):
    async with triton.InferenceServerClient(server.grpc) as client:
        assert await client.is_server_live()
        assert await client.is_server_ready()
        assert await client.is_model_ready("simple")


async def check_infer(server):
    async with triton.InferenceServerClient(server.grpc) as client:
        a, b = pair(0)
        result = await client.infer("simple", inputs_of(a, b))
        assert np.array_equal(result.as_numpy("OUTPUT0"), a + b)


async def check_a_hundred_at_once_each_get_their_own(server):
    async with triton.InferenceServerClient(server.grpc) as client:
        pairs = [pair(100 * i) for i in range(100)]
        results = await asyncio.gather(*(client.infer("simple", inputs_of(a, b)) for a, b in pairs))
        for (a, b), result in zip(pairs, results):
            assert np.array_equal(result.as_numpy("OUTPUT0"), a + b)
            assert np.array_equal(result.as_numpy("OUTPUT1"), a - b)
