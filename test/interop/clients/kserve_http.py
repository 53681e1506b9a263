"""kserve's InferenceRESTClient, over httpx."""

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput


def client():
    return InferenceRESTClient(RESTConfig(protocol="v2"))


def request(binary, wanted):
    a = np.arange(16, dtype=np.int32).reshape(1, 16)
    inputs = [InferInput("INPUT0", list(a.shape), "INT32"), InferInput("INPUT1", list(a.shape), "INT32")]
    for tensor in inputs:
        tensor.set_data_from_numpy(a, binary_data=binary)
    outputs = [RequestedOutput(name, parameters={"binary_data": wanted}) for name in ("OUTPUT0", "OUTPUT1")]
    return a, InferRequest(model_name="simple", infer_inputs=inputs, request_outputs=outputs)


async def check_health(server):
    url = f"http://{server.http}"
    rest = client()
    assert await rest.is_server_live(url)
    assert await rest.is_server_ready(url)
    assert await rest.is_model_ready(url, "simple")
    assert not await rest.is_model_ready(url, "nobody")
    await rest.close()


async def check_infer(server):
    rest = client()
    for binary in (True, False):
        for wanted in (True, False):
            a, asked = request(binary, wanted)
            answer = await rest.infer(f"http://{server.http}", asked, "simple")
            outputs = {output.name: output.as_numpy() for output in answer.outputs}
            assert np.array_equal(outputs["OUTPUT0"], a + a), (binary, wanted, outputs)
            assert np.array_equal(outputs["OUTPUT1"], a - a), (binary, wanted, outputs)
    await rest.close()


async def check_an_unknown_model(server):
    rest = client()
    _, asked = request(True, True)
    try:
        await rest.infer(f"http://{server.http}", asked, "nobody")
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == 404, error
        assert "Request for unknown model" in str(error), error
    else:
        raise AssertionError("was not refused")
    await rest.close()


async def check_the_first_protocol(server):
    rest = InferenceRESTClient(RESTConfig(protocol="v1"))
    url = f"http://{server.http}"
    assert await rest.is_model_ready(url, "identity_fp32")
    assert not await rest.is_model_ready(url, "nobody")
    answer = await rest.infer(url, {"instances": [[1.0, 2.0], [3.0, 4.0]]}, "identity_fp32")
    assert answer == {"predictions": [[1, 2], [3, 4]]}, answer
    await rest.close()
