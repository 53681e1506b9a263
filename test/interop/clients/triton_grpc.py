"""tritonclient.grpc, one call at a time: health, metadata, tensors of every datatype, what is refused."""

import queue

import grpc
import numpy as np
import tritonclient.grpc as triton
from tritonclient.grpc import service_pb2, service_pb2_grpc
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
TYPED = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


def given(name, array):
    tensor = triton.InferInput(name, array.shape, np_to_triton_dtype(array.dtype))
    tensor.set_data_from_numpy(array)
    return tensor


def pair(dtype=np.int32, rows=1):
    a = np.arange(rows * WIDTH).reshape(rows, WIDTH).astype(dtype)
    return a, np.full((rows, WIDTH), 2, dtype)


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


def check_health(server):
    client = triton.InferenceServerClient(server.grpc)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("simple")
    assert client.is_model_ready("simple", "1")
    assert not client.is_model_ready("simple", "77")
    assert not client.is_model_ready("nobody_has_this")


def check_server_metadata(server):
    metadata = triton.InferenceServerClient(server.grpc).get_server_metadata()
    assert metadata.name and metadata.version, metadata


def check_model_metadata(server):
    client = triton.InferenceServerClient(server.grpc)
    metadata = client.get_model_metadata("simple", as_json=True)
    assert metadata["name"] == "simple"
    assert metadata["versions"] == ["1"]
    assert metadata["platform"] == "onnxruntime_onnx"
    shapes = {i["name"]: (i["datatype"], i["shape"]) for i in metadata["inputs"]}
    assert shapes == {"INPUT0": ("INT32", ["-1", "16"]), "INPUT1": ("INT32", ["-1", "16"])}, shapes
    assert [o["name"] for o in metadata["outputs"]] == ["OUTPUT0", "OUTPUT1"]


def check_metadata_of_an_unknown_model(server):
    client = triton.InferenceServerClient(server.grpc)
    error = refusal(lambda: client.get_model_metadata("wrong_model_name"))
    assert "Request for unknown model" in error.message(), error
    assert error.status() == "StatusCode.NOT_FOUND", error.status()


def check_infer_raw(server):
    client = triton.InferenceServerClient(server.grpc)
    a, b = pair(rows=3)
    outputs = [triton.InferRequestedOutput("OUTPUT0"), triton.InferRequestedOutput("OUTPUT1")]
    result = client.infer("simple", [given("INPUT0", a), given("INPUT1", b)], outputs=outputs, request_id="42")
    assert np.array_equal(result.as_numpy("OUTPUT0"), a + b)
    assert np.array_equal(result.as_numpy("OUTPUT1"), a - b)
    answer = result.get_response()
    assert (answer.id, answer.model_name, answer.model_version) == ("42", "simple", "1"), answer


def check_infer_only_the_wanted_output(server):
    client = triton.InferenceServerClient(server.grpc)
    a, b = pair()
    outputs = [triton.InferRequestedOutput("OUTPUT1")]
    result = client.infer("simple", [given("INPUT0", a), given("INPUT1", b)], outputs=outputs)
    assert result.as_numpy("OUTPUT0") is None
    assert np.array_equal(result.as_numpy("OUTPUT1"), a - b)


def check_inputs_in_another_order_with_headers_and_a_deadline(server):
    client = triton.InferenceServerClient(server.grpc)
    a, b = pair()
    result = client.infer(
        "simple",
        [given("INPUT1", b), given("INPUT0", a)],
        headers={"test": "1", "another-header": "x"},
        client_timeout=30,
    )
    assert np.array_equal(result.as_numpy("OUTPUT1"), a - b)


def check_infer_int8(server):
    client = triton.InferenceServerClient(server.grpc)
    a, b = pair(np.int8)
    result = client.infer("simple_int8", [given("INPUT0", a), given("INPUT1", b)])
    assert np.array_equal(result.as_numpy("OUTPUT0"), a + b)
    assert result.as_numpy("OUTPUT1").dtype == np.int8


def check_infer_strings(server):
    client = triton.InferenceServerClient(server.grpc)
    a, b = pair()
    text = [np.array([str(x).encode() for x in t.flatten()], object).reshape(t.shape) for t in (a, b)]
    result = client.infer("simple_string", [given("INPUT0", text[0]), given("INPUT1", text[1])])
    assert [int(x) for x in result.as_numpy("OUTPUT0").flatten()] == list((a + b).flatten())
    assert [int(x) for x in result.as_numpy("OUTPUT1").flatten()] == list((a - b).flatten())


def check_strings_come_back_as_they_went(server):
    client = triton.InferenceServerClient(server.grpc)
    texts = np.array([["", "plain"], ["zwölf Boxkämpfer", "日本 👩‍👧"]], object)
    encoded = np.array([[t.encode() for t in row] for row in texts], object)
    result = client.infer("identity_bytes", [given("INPUT0", encoded)])
    assert np.array_equal(result.as_numpy("OUTPUT0"), encoded), result.as_numpy("OUTPUT0")


def check_every_datatype_raw(server):
    client = triton.InferenceServerClient(server.grpc)
    for datatype, dtype in NUMBERS.items():
        sent = values(dtype)
        result = client.infer(f"identity_{datatype.lower()}", [given("INPUT0", sent)])
        got = result.as_numpy("OUTPUT0")
        assert got.dtype == sent.dtype and got.tobytes() == sent.tobytes(), (datatype, sent, got)


def check_every_datatype_typed(server):
    with grpc.insecure_channel(server.grpc) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        for datatype, field in TYPED.items():
            sent = [b"one", b"", "drei ü".encode()] if datatype == "BYTES" else values(NUMBERS[datatype])[1].tolist()
            request = service_pb2.ModelInferRequest(model_name=f"identity_{datatype.lower()}")
            tensor = request.inputs.add(name="INPUT0", datatype=datatype, shape=[1, len(sent)])
            getattr(tensor.contents, field).extend(sent)
            answer = stub.ModelInfer(request)
            raw = answer.raw_output_contents[0]
            if datatype == "BYTES":
                assert raw == b"".join(len(t).to_bytes(4, "little") + t for t in sent), raw
            else:
                assert raw == np.array(sent, NUMBERS[datatype]).tobytes(), (datatype, raw)


def check_an_empty_batch_dimension(server):
    client = triton.InferenceServerClient(server.grpc)
    result = client.infer("identity_fp32", [given("INPUT0", np.zeros((0, 4), np.float32))])
    assert result.as_numpy("OUTPUT0").shape == (0, 4)


def check_a_megabyte(server):
    client = triton.InferenceServerClient(server.grpc)
    sent = np.random.default_rng(1).random((512, 512), np.float32)
    result = client.infer("identity_fp32", [given("INPUT0", sent)])
    assert np.array_equal(result.as_numpy("OUTPUT0"), sent)


def check_refusals_of_infer(server):
    client = triton.InferenceServerClient(server.grpc)
    a, b = pair()
    both = [given("INPUT0", a), given("INPUT1", b)]
    cases = [
        ("Request for unknown model: 'nobody' is not found", "NOT_FOUND", lambda: client.infer("nobody", both)),
        (
            "expected 2 inputs but got 1 inputs for model 'simple'. Got input(s) ['INPUT0'],"
            " but missing required input(s) ['INPUT1']",
            "INVALID_ARGUMENT",
            lambda: client.infer("simple", both[:1]),
        ),
        (
            "unexpected shape for input 'INPUT0' for model 'simple'",
            "INVALID_ARGUMENT",
            lambda: client.infer("simple", [given("INPUT0", a[:, :8]), both[1]]),
        ),
        (
            "inference input 'INPUT0' data-type is 'FP32', but model 'simple' expects 'INT32'",
            "INVALID_ARGUMENT",
            lambda: client.infer("simple", [given("INPUT0", a.astype(np.float32)), both[1]]),
        ),
    ]
    for text, status, call in cases:
        error = refusal(call)
        assert text in error.message(), error
        assert error.status() == f"StatusCode.{status}", error


def check_refusal_of_a_lying_byte_count(server):
    with grpc.insecure_channel(server.grpc) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name="identity_fp32")
        request.inputs.add(name="INPUT0", datatype="FP32", shape=[1, 4])
        request.raw_input_contents.append(b"\0" * 12)
        try:
            stub.ModelInfer(request)
        except grpc.RpcError as error:
            assert error.code().name == "INVALID_ARGUMENT", error
            assert "input byte size mismatch for input 'INPUT0'" in error.details(), error.details()
            assert "Expected 16, got 12" in error.details(), error.details()
        else:
            raise AssertionError("was not refused")


def check_callbacks(server):
    client = triton.InferenceServerClient(server.grpc)
    done = queue.Queue()
    sent = [pair() for _ in range(50)]
    for index, (a, b) in enumerate(sent):
        inputs = [given("INPUT0", a + index), given("INPUT1", b)]
        client.async_infer("simple", inputs, lambda result, error: done.put((result, error)), request_id=str(index))
    seen = set()
    for _ in sent:
        result, error = done.get(timeout=60)
        assert error is None, error
        index = int(result.get_response().id)
        seen.add(index)
        assert np.array_equal(result.as_numpy("OUTPUT0"), pair()[0] + index + 2)
    assert len(seen) == len(sent)


def check_a_cancelled_call(server):
    client = triton.InferenceServerClient(server.grpc)
    done = queue.Queue()
    a, b = pair()
    call = client.async_infer(
        "simple", [given("INPUT0", a), given("INPUT1", b)], lambda result, error: done.put((result, error))
    )
    call.cancel()
    result, error = done.get(timeout=60)
    assert error is None or "CANCELLED" in str(error.status()), error
    assert client.infer("simple", [given("INPUT0", a), given("INPUT1", b)]).as_numpy("OUTPUT0") is not None


def check_keepalive(server):
    options = triton.KeepAliveOptions(
        keepalive_time_ms=2**31 - 1,
        keepalive_timeout_ms=20000,
        keepalive_permit_without_calls=False,
        http2_max_pings_without_data=2,
    )
    client = triton.InferenceServerClient(server.grpc, keepalive_options=options)
    a, b = pair()
    assert client.infer("simple", [given("INPUT0", a), given("INPUT1", b)]).as_numpy("OUTPUT0") is not None


def check_compressed_requests(server):
    client = triton.InferenceServerClient(server.grpc)
    a, b = pair(rows=64)
    for algorithm in ("gzip", "deflate"):
        result = client.infer(
            "simple", [given("INPUT0", a), given("INPUT1", b)], compression_algorithm=algorithm
        )
        assert np.array_equal(result.as_numpy("OUTPUT0"), a + b), algorithm


def check_reused_inputs(server):
    client = triton.InferenceServerClient(server.grpc)
    a, b = pair()
    inputs = [given("INPUT0", a), given("INPUT1", b)]
    for step in range(3):
        inputs[0].set_data_from_numpy(a + step)
        assert np.array_equal(client.infer("simple", inputs).as_numpy("OUTPUT0"), a + b + step)
