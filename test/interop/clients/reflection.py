"""Calls made of nothing but an address: the contract is read by reflection."""

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "inference.GRPCInferenceService"


def call(channel, pool, rpc, **fields):
    method = pool.FindServiceByName(SERVICE).FindMethodByName(rpc)
    request = GetMessageClass(method.input_type)(**fields)
    invoke = channel.unary_unary(
        f"/{SERVICE}/{rpc}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    return invoke(request, timeout=30)


def check_services_are_listed(server):
    with grpc.insecure_channel(server.grpc) as channel:
        services = set(ProtoReflectionDescriptorDatabase(channel).get_services())
        assert SERVICE in services, services


def check_every_method_of_triton_is_described(server):
    with grpc.insecure_channel(server.grpc) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        methods = {method.name for method in pool.FindServiceByName(SERVICE).methods}
        wanted = """ServerLive ServerReady ServerMetadata ModelReady ModelMetadata ModelInfer ModelStreamInfer
            ModelConfig ModelStatistics RepositoryIndex RepositoryModelLoad RepositoryModelUnload TraceSetting
            LogSettings SystemSharedMemoryStatus CudaSharedMemoryStatus""".split()
        assert set(wanted) <= methods, set(wanted) - methods


def check_a_generic_call(server):
    with grpc.insecure_channel(server.grpc) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        assert call(channel, pool, "ModelReady", name="simple").ready
        tensor = {"name": "INPUT0", "datatype": "INT64", "shape": [1, 2], "contents": {"int64_contents": [3, -4]}}
        answer = call(channel, pool, "ModelInfer", model_name="identity_int64", inputs=[tensor])
        raw = answer.raw_output_contents[0]
        assert [int.from_bytes(raw[i : i + 8], "little", signed=True) for i in (0, 8)] == [3, -4]


def check_health_by_model_name(server):
    with grpc.insecure_channel(server.grpc) as channel:
        # HealthCheckRequest and HealthCheckResponse have one field each.
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=lambda name: bytes([10, len(name)]) + name.encode(),
            response_deserializer=lambda message: message[1],
        )
        for name in ("", "simple", SERVICE):
            assert check(name, timeout=30) == 1, name
        try:
            check("nobody", timeout=30)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND
        else:
            raise AssertionError("an unknown name has a health")
