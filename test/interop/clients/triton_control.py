"""tritonclient.grpc as an operator: the index, loading and unloading, configurations, statistics, settings."""

import json

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException


def refusal(call):
    try:
        call()
    except InferenceServerException as error:
        return error
    raise AssertionError("was not refused")


def infer(client, model="simple", rows=1):
    a = np.arange(rows * 16, dtype=np.int32).reshape(rows, 16)
    inputs = [triton.InferInput("INPUT0", a.shape, "INT32"), triton.InferInput("INPUT1", a.shape, "INT32")]
    for tensor in inputs:
        tensor.set_data_from_numpy(a)
    result = client.infer(model, inputs)
    assert np.array_equal(result.as_numpy("OUTPUT0"), a + a)


def state(client, model):
    return [m.state for m in client.get_model_repository_index().models if m.name == model]


def check_the_index(server):
    client = triton.InferenceServerClient(server.grpc)
    index = {(m.name, m.version): m.state for m in client.get_model_repository_index().models}
    assert index[("simple", "1")] == "READY", index
    assert index[("identity_fp32", "1")] == "READY", index


def check_unloading_and_loading_again(server):
    client = triton.InferenceServerClient(server.grpc)
    client.unload_model("identity_uint8")
    assert not client.is_model_ready("identity_uint8")
    assert client.is_server_live() and client.is_server_ready()
    client.load_model("identity_uint8")
    assert client.is_model_ready("identity_uint8")


def check_loading_what_is_not_there(server):
    client = triton.InferenceServerClient(server.grpc)
    error = refusal(lambda: client.load_model("wrong_model_name"))
    assert "failed to load" in error.message(), error
    assert client.is_server_live()


def check_a_configuration_given_with_the_load(server):
    client = triton.InferenceServerClient(server.grpc)
    assert client.get_model_config("simple").config.max_batch_size == 128
    client.load_model("simple", config=json.dumps({"name": "simple", "backend": "onnxruntime", "max_batch_size": 4}))
    assert client.get_model_config("simple").config.max_batch_size == 4
    infer(client, rows=4)
    error = refusal(lambda: infer(client, rows=5))
    assert "inference request batch-size must be <= 4 for 'simple'" in error.message(), error
    client.load_model("simple")
    assert client.get_model_config("simple").config.max_batch_size == 128


def check_files_given_with_the_load(server):
    client = triton.InferenceServerClient(server.grpc)
    config = json.dumps({"name": "given", "backend": "onnxruntime"})
    error = refusal(lambda: client.load_model("given", config=config, files={"file:1/model.onnx": b"no model"}))
    assert "failed to load" in error.message(), error
    refusal(lambda: client.load_model("given", files={"1/model.onnx": b"no model"}))
    assert not client.is_model_ready("given")
    assert client.is_server_live()


def check_statistics_agree_with_what_was_asked(server):
    client = triton.InferenceServerClient(server.grpc)

    def read():
        return client.get_inference_statistics("simple", "1").model_stats[0]

    infer(client)
    before = read()
    for _ in range(10):
        infer(client, rows=2)
    refusal(lambda: infer(client, rows=129))
    after = read()
    assert after.inference_count - before.inference_count == 20
    assert after.execution_count - before.execution_count == 10
    assert after.inference_stats.success.count - before.inference_stats.success.count == 10
    assert after.inference_stats.fail.count - before.inference_stats.fail.count == 1
    parts = ("queue", "compute_input", "compute_infer", "compute_output")
    spent = sum(getattr(after.inference_stats, p).ns - getattr(before.inference_stats, p).ns for p in parts)
    total = after.inference_stats.success.ns - before.inference_stats.success.ns
    assert 0 < spent <= total, (spent, total)
    rows = {b.batch_size: b.compute_infer.count for b in after.batch_stats}
    assert rows[2] >= 10, rows
    assert len(client.get_inference_statistics().model_stats) >= 10


def check_trace_settings(server):
    client = triton.InferenceServerClient(server.grpc)
    settings = client.get_trace_settings(model_name="simple", as_json=True)["settings"]
    assert settings["trace_rate"]["value"], settings
    told = client.update_trace_settings(model_name="simple", settings={"trace_rate": "7"}, as_json=True)["settings"]
    assert told["trace_rate"]["value"] == ["7"], told
    told = client.update_trace_settings(model_name="simple", settings={"trace_rate": None}, as_json=True)["settings"]
    assert told["trace_rate"]["value"] == settings["trace_rate"]["value"], told
    refusal(lambda: client.update_trace_settings(settings={"trace_rate": "often"}))


def check_log_settings(server):
    client = triton.InferenceServerClient(server.grpc)
    before = client.get_log_settings(as_json=True)["settings"]
    assert "log_verbose_level" in before, before
    told = client.update_log_settings({"log_warning": False}, as_json=True)["settings"]
    assert not told["log_warning"].get("boolParam", told["log_warning"].get("bool_param", False)), told
    client.update_log_settings({"log_warning": True})
    refusal(lambda: client.update_log_settings({"log_nonsense": True}))


def check_shared_memory_is_refused_with_its_reason(server):
    client = triton.InferenceServerClient(server.grpc)
    error = refusal(lambda: client.register_system_shared_memory("region", "/region", 64))
    assert error.status() == "StatusCode.UNIMPLEMENTED", error.status()


def check_priority_and_timeout_as_this_client_sends_them(server):
    client = triton.InferenceServerClient(server.grpc)
    a = np.zeros((1, 16), np.int32)
    inputs = [triton.InferInput("INPUT0", a.shape, "INT32"), triton.InferInput("INPUT1", a.shape, "INT32")]
    for tensor in inputs:
        tensor.set_data_from_numpy(a)
    assert client.infer("simple", inputs, priority=1, timeout=10_000_000).as_numpy("OUTPUT0") is not None


def check_classification(server):
    client = triton.InferenceServerClient(server.grpc)
    a = np.arange(16, dtype=np.int32).reshape(1, 16)
    inputs = [triton.InferInput("INPUT0", a.shape, "INT32"), triton.InferInput("INPUT1", a.shape, "INT32")]
    for tensor in inputs:
        tensor.set_data_from_numpy(a)
    outputs = [triton.InferRequestedOutput("OUTPUT0", class_count=3)]
    classes = client.infer("simple", inputs, outputs=outputs).as_numpy("OUTPUT0")
    told = [c.decode().split(":") for c in classes.flatten()]
    assert [(float(value), int(index)) for value, index, *_ in told] == [(30, 15), (28, 14), (26, 13)], told
