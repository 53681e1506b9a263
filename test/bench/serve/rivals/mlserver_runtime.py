"""MLServer's runtime for an ONNX model: onnxruntime with as many threads as the other servers have."""

import json

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxRuntime(MLModel):
    async def load(self) -> bool:
        with open(self.settings.parameters.uri) as file:
            given = json.load(file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = given["threads"]
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(given["model"], options)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        feeds = {one.name: NumpyCodec.decode_input(one) for one in payload.inputs}
        names = [one.name for one in self.session.get_outputs()]
        outputs = zip(names, self.session.run(names, feeds))
        return InferenceResponse(
            model_name=self.name,
            outputs=[NumpyCodec.encode_output(name, value) for name, value in outputs],
        )
