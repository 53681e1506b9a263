"""tritonclient.grpc over one stream, blocking and in asyncio: answers, their order, errors among them."""

import queue

import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio


def inputs_of(value, module=triton, width=16):
    a = np.full((1, width), value, np.int32)
    inputs = [module.InferInput("INPUT0", a.shape, "INT32"), module.InferInput("INPUT1", a.shape, "INT32")]
    inputs[0].set_data_from_numpy(a)
    inputs[1].set_data_from_numpy(np.ones_like(a))
    return inputs


def check_answers_come_in_the_order_of_their_requests(server):
    client = triton.InferenceServerClient(server.grpc)
    done = queue.Queue()
    client.start_stream(lambda result, error: done.put((result, error)))
    for value in range(100):
        client.async_stream_infer("simple", inputs_of(value), request_id=str(value))
    for value in range(100):
        result, error = done.get(timeout=60)
        assert error is None, error
        assert result.get_response().id == str(value)
        assert result.as_numpy("OUTPUT0")[0, 0] == value + 1
    client.stop_stream()


def check_an_error_ends_its_request_and_not_the_stream(server):
    client = triton.InferenceServerClient(server.grpc)
    done = queue.Queue()
    client.start_stream(lambda result, error: done.put((result, error)))
    client.async_stream_infer("nobody", inputs_of(1), request_id="bad")
    client.async_stream_infer("simple", inputs_of(1, width=8), request_id="short")
    client.async_stream_infer("simple", inputs_of(5), request_id="good")
    for text in ("Request for unknown model: 'nobody' is not found", "unexpected shape for input 'INPUT0'"):
        result, error = done.get(timeout=60)
        assert result is None and text in error.message(), error
    result, error = done.get(timeout=60)
    assert error is None and result.as_numpy("OUTPUT0")[0, 0] == 6, error
    client.stop_stream()


async def check_a_stream_in_asyncio(server):
    async def requests():
        for value in range(20):
            yield {"model_name": "simple", "inputs": inputs_of(value, triton_aio), "request_id": str(value)}

    async with triton_aio.InferenceServerClient(server.grpc) as client:
        seen = []
        async for result, error in client.stream_infer(requests()):
            assert error is None, error
            seen.append(int(result.as_numpy("OUTPUT0")[0, 0]))
        assert seen == list(range(1, 21)), seen
