/** The JSON of inferences in the words of JSON Schema: the one form that is not the contract's own. */
import type { Schema } from "./contract.ts";

const parameters = {
  type: "object",
  additionalProperties: { type: ["number", "boolean", "string"] },
};

const tensor = {
  name: { type: "string" },
  shape: { type: "array", items: { type: "integer", minimum: 0 } },
  datatype: {
    type: "string",
    enum: [
      "BOOL",
      ...["8", "16", "32", "64"].flatMap((bits) => [`UINT${bits}`, `INT${bits}`]),
      "FP16",
      "FP32",
      "FP64",
      "BYTES",
    ],
  },
  parameters: {
    ...parameters,
    description:
      "binary_data_size: the bytes of the tensor that stand behind the JSON, instead of data",
  },
  data: {
    type: "array",
    items: {},
    description: "the elements in row-major order, flat or nested as the shape is",
  },
};

export const inferRequestSchema: Schema = {
  type: "object",
  required: ["inputs"],
  properties: {
    id: { type: "string" },
    parameters: {
      ...parameters,
      description: "binary_data_output: whether outputs are binary data where they do not say",
    },
    inputs: {
      type: "array",
      items: { type: "object", required: ["name", "shape", "datatype"], properties: tensor },
    },
    outputs: {
      type: "array",
      items: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string" },
          parameters: { ...parameters, description: "binary_data: whether it is binary data" },
        },
      },
    },
  },
};

export const inferResponseSchema: Schema = {
  type: "object",
  properties: {
    model_name: { type: "string" },
    model_version: { type: "string" },
    id: { type: "string" },
    parameters,
    outputs: { type: "array", items: { type: "object", properties: tensor } },
  },
};
