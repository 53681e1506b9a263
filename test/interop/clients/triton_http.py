"""tritonclient.http: binary and JSON tensors of every datatype, both ways, compressed, and what is refused.

It sends its requests with geventhttpclient over connections that stay open, one of them unless told otherwise.
"""

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

WIDTH = 16
NUMBERS = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
}


def given(name, array, binary=True):
    tensor = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


def pair(rows=1):
    a = np.arange(rows * WIDTH, dtype=np.int32).reshape(rows, WIDTH)
    return a, np.full((rows, WIDTH), 2, np.int32)


def values(dtype):
    if dtype is np.bool_:
        return np.array([[True, False, True], [False, False, True]])
    if np.issubdtype(dtype, np.integer):
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        return np.array([[low, 0, 1], [high, 7, 100]], dtype)
    return np.array([[-1.5, 0, np.inf], [0.25, np.nan, 1024]], dtype)


def refusal(call):
    try:
        call()
    except InferenceServerException as error:
        return error
    raise AssertionError("was not refused")


def check_health_over_one_connection(server):
    with triton.InferenceServerClient(server.http) as client:
        for _ in range(50):
            assert client.is_server_live()
            assert client.is_server_ready()
            assert client.is_model_ready("simple")
            assert client.is_model_ready("simple", "1")
            assert not client.is_model_ready("simple", "77")
            assert not client.is_model_ready("nobody_has_this")


def check_metadata(server):
    with triton.InferenceServerClient(server.http) as client:
        assert client.get_server_metadata()["name"]
        metadata = client.get_model_metadata("simple")
        assert metadata["versions"] == ["1"], metadata
        assert metadata["inputs"][0] == {"name": "INPUT0", "datatype": "INT32", "shape": [-1, 16]}, metadata
        error = refusal(lambda: client.get_model_metadata("wrong_model_name"))
        assert "Request for unknown model" in error.message() and error.status() == "404", error


def check_statistics(server):
    with triton.InferenceServerClient(server.http) as client:
        a, b = pair()
        count = lambda: client.get_inference_statistics("simple")["model_stats"][0]["inference_count"]
        before = count()
        client.infer("simple", [given("INPUT0", a), given("INPUT1", b)])
        assert count() == before + 1
        assert len(client.get_inference_statistics()["model_stats"]) > 10


def check_infer_in_all_mixtures(server):
    with triton.InferenceServerClient(server.http) as client:
        a, b = pair(rows=3)
        for first, second, third, fourth in np.ndindex(2, 2, 2, 2):
            result = client.infer(
                "simple",
                [given("INPUT0", a, bool(first)), given("INPUT1", b, bool(second))],
                outputs=[
                    triton.InferRequestedOutput("OUTPUT0", binary_data=bool(third)),
                    triton.InferRequestedOutput("OUTPUT1", binary_data=bool(fourth)),
                ],
                request_id="42",
            )
            assert np.array_equal(result.as_numpy("OUTPUT0"), a + b)
            assert np.array_equal(result.as_numpy("OUTPUT1"), a - b)
            assert result.get_response()["id"] == "42"


def check_no_outputs_named(server):
    with triton.InferenceServerClient(server.http) as client:
        a, b = pair()
        result = client.infer("simple", [given("INPUT0", a), given("INPUT1", b)], model_version="1")
        assert np.array_equal(result.as_numpy("OUTPUT0"), a + b)
        assert "binary_data_size" in result.get_output("OUTPUT1")["parameters"]


def check_every_datatype_as_binary_and_as_json(server):
    with triton.InferenceServerClient(server.http) as client:
        for datatype, dtype in NUMBERS.items():
            sent = values(dtype)
            for binary in (True, False):
                result = client.infer(
                    f"identity_{datatype.lower()}",
                    [given("INPUT0", sent, binary)],
                    outputs=[triton.InferRequestedOutput("OUTPUT0", binary_data=binary)],
                )
                got = result.as_numpy("OUTPUT0")
                assert got.dtype == sent.dtype, (datatype, got)
                assert np.array_equal(got, sent, equal_nan=dtype not in (np.bool_,)), (datatype, sent, got)


def check_strings(server):
    texts = np.array([["", "plain"], ["zwölf Boxkämpfer", "日本 👩‍👧"]], object)
    encoded = np.array([[t.encode() for t in row] for row in texts], object)
    with triton.InferenceServerClient(server.http) as client:
        for binary in (True, False):
            result = client.infer(
                "identity_bytes",
                [given("INPUT0", encoded, binary)],
                outputs=[triton.InferRequestedOutput("OUTPUT0", binary_data=binary)],
            )
            got = result.as_numpy("OUTPUT0")
            got = got if binary else np.array([[t.encode() for t in row] for row in got], object)
            assert np.array_equal(got, encoded), got


def check_no_rows(server):
    with triton.InferenceServerClient(server.http) as client:
        none = np.zeros((0, 3), np.float32)
        for binary in (True, False):
            result = client.infer("identity_fp32", [given("INPUT0", none, binary)])
            assert result.as_numpy("OUTPUT0").shape == (0, 3)


def check_compression(server):
    with triton.InferenceServerClient(server.http) as client:
        a, b = pair(rows=100)
        for request in (None, "gzip", "deflate"):
            for response in (None, "gzip", "deflate"):
                result = client.infer(
                    "simple",
                    [given("INPUT0", a), given("INPUT1", b, False)],
                    request_compression_algorithm=request,
                    response_compression_algorithm=response,
                )
                assert np.array_equal(result.as_numpy("OUTPUT1"), a - b), (request, response)


def check_many_at_once(server):
    with triton.InferenceServerClient(server.http, concurrency=8) as client:
        a, b = pair()
        asked = [client.async_infer("simple", [given("INPUT0", a + n), given("INPUT1", b)]) for n in range(100)]
        for n, answer in enumerate(asked):
            assert np.array_equal(answer.get_result().as_numpy("OUTPUT0"), a + n + b), n


def check_a_megabyte_there_and_back(server):
    with triton.InferenceServerClient(server.http) as client:
        sent = np.random.default_rng(7).standard_normal((256, 4096), np.float32)
        got = client.infer("identity_fp32", [given("INPUT0", sent)]).as_numpy("OUTPUT0")
        assert np.array_equal(got, sent)


def check_refusals(server):
    with triton.InferenceServerClient(server.http) as client:
        a, b = pair()
        unknown = refusal(lambda: client.infer("nobody", [given("INPUT0", a)]))
        assert "Request for unknown model" in unknown.message() and unknown.status() == "404", unknown
        missing = refusal(lambda: client.infer("simple", [given("INPUT0", a)]))
        assert "expected 2 inputs but got 1 inputs" in missing.message(), missing
        assert missing.status() == "400", missing
        narrow = refusal(lambda: client.infer("simple", [given("INPUT0", a[:, :8]), given("INPUT1", b)]))
        assert "unexpected shape for input 'INPUT0'" in narrow.message(), narrow
        assert np.array_equal(
            client.infer("simple", [given("INPUT0", a), given("INPUT1", b)]).as_numpy("OUTPUT0"), a + b
        )


def check_trace_and_log_settings(server):
    with triton.InferenceServerClient(server.http) as client:
        held = client.get_trace_settings()
        assert isinstance(held["trace_level"], list) and isinstance(held["trace_rate"], str), held
        changed = client.update_trace_settings(settings={"trace_rate": "7"})
        assert changed["trace_rate"] == "7", changed
        assert client.update_trace_settings(settings={"trace_rate": None}) == held
        assert client.get_trace_settings("simple")["trace_level"] == held["trace_level"]
        logged = client.get_log_settings()
        assert isinstance(logged["log_info"], bool) and isinstance(logged["log_verbose_level"], int), logged
        assert client.update_log_settings({"log_verbose_level": 1})["log_verbose_level"] == 1
        assert client.update_log_settings({"log_verbose_level": logged["log_verbose_level"]}) == logged


def check_configuration_and_index(server):
    with triton.InferenceServerClient(server.http) as client:
        config = client.get_model_config("simple")
        assert config["name"] == "simple" and config["input"][0]["data_type"] == "TYPE_INT32", config
        index = client.get_model_repository_index()
        assert {"simple", "identity_bytes"} <= {model["name"] for model in index}, index


def check_shared_memory_is_refused(server):
    with triton.InferenceServerClient(server.http) as client:
        for call in (client.get_system_shared_memory_status, client.unregister_cuda_shared_memory):
            assert refusal(call).status() == "501"
        assert refusal(lambda: client.register_system_shared_memory("r", "/r", 64)).status() == "501"


async def check_aio(server):
    import tritonclient.http.aio as aio

    async with aio.InferenceServerClient(server.http) as client:
        assert await client.is_server_live()
        assert await client.is_model_ready("simple")
        a, b = pair()
        for algorithm in (None, "gzip", "deflate"):
            result = await client.infer(
                "simple",
                [given("INPUT0", a), given("INPUT1", b)],
                request_compression_algorithm=algorithm,
                response_compression_algorithm=algorithm,
            )
            assert np.array_equal(result.as_numpy("OUTPUT0"), a + b)
