"""kserve's InferenceGRPCClient, whose copy of the contract has fewer fields than Triton's."""

import grpc
import numpy as np
from kserve import InferenceGRPCClient, InferInput, InferRequest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as messages
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc as services


async def check_health(server):
    async with InferenceGRPCClient(server.grpc) as client:
        assert await client.is_server_live()
        assert await client.is_server_ready()
        assert await client.is_model_ready("simple")


async def check_infer_raw(server):
    async with InferenceGRPCClient(server.grpc) as client:
        a = np.arange(16, dtype=np.int32).reshape(1, 16)
        inputs = [InferInput("INPUT0", list(a.shape), "INT32"), InferInput("INPUT1", list(a.shape), "INT32")]
        for tensor in inputs:
            tensor.set_data_from_numpy(a)
        answer = await client.infer(InferRequest(model_name="simple", infer_inputs=inputs))
        outputs = {output.name: output.as_numpy() for output in answer.outputs}
        assert np.array_equal(outputs["OUTPUT0"], a + a), outputs
        assert np.array_equal(outputs["OUTPUT1"], a - a), outputs


async def check_infer_typed(server):
    async with InferenceGRPCClient(server.grpc) as client:
        data = [float(x) for x in range(4)]
        inputs = [InferInput("INPUT0", [1, 4], "FP32", data=data)]
        answer = await client.infer(InferRequest(model_name="identity_fp32", infer_inputs=inputs))
        assert answer.outputs[0].as_numpy().tolist() == [data], answer


async def check_an_unknown_model(server):
    async with InferenceGRPCClient(server.grpc) as client:
        inputs = [InferInput("INPUT0", [1, 1], "FP32", data=[1.0])]
        try:
            await client.infer(InferRequest(model_name="nobody", infer_inputs=inputs))
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND, error
        else:
            raise AssertionError("was not refused")


def check_model_metadata(server):
    with grpc.insecure_channel(server.grpc) as channel:
        stub = services.GRPCInferenceServiceStub(channel)
        metadata = stub.ModelMetadata(messages.ModelMetadataRequest(name="simple"))
        assert [i.name for i in metadata.inputs] == ["INPUT0", "INPUT1"]
