/**
 * A model's configuration in its written forms: config.pbtxt, and the JSON of load requests and of
 * REST. Both refuse a field that configurations do not have: what is misspelt would be left undone.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DomainError, errorMessage } from "@amaas/errors";
import { ModelConfig } from "@amaas/proto/inference/model_config";
import { parseText } from "@amaas/text-format";
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const mostJson = 2 ** 20;
let known: DescMessage | undefined;

/** Read when the first configuration is: many servers see none. */
function schema(): DescMessage {
  if (known) return known;
  const path = fileURLToPath(import.meta.resolve("@amaas/proto/descriptor.binpb"));
  const { file } = fromBinary(FileDescriptorSetSchema, readFileSync(path));
  const only = file.filter(({ name }) => name === "inference/model_config.proto");
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: only }));
  known = registry.getMessage("inference.ModelConfig");
  if (!known) throw new Error("the descriptor has no ModelConfig");
  return known;
}

export function configFromText(text: string, file: string): ModelConfig {
  return ModelConfig.decode(toBinary(schema(), parseText(schema(), text, { file })));
}

/** In snake_case or camelCase, 64-bit numbers as text or as numbers. */
export function configFromJson(text: string): ModelConfig {
  if (text.length > mostJson)
    throw new DomainError(
      "invalid-argument",
      `the configuration has ${text.length} characters; wanted at most ${mostJson}`,
    );
  try {
    return ModelConfig.decode(toBinary(schema(), fromJsonString(schema(), text)));
  } catch (error) {
    throw new DomainError(
      "invalid-argument",
      `the configuration is no JSON of a ModelConfig: ${errorMessage(error)}`,
      { cause: error },
    );
  }
}

/** In snake_case, with every field. */
export function configToJson(config: ModelConfig): JsonValue {
  const message = fromBinary(schema(), ModelConfig.encode(config).finish());
  return toJson(schema(), message, { useProtoFieldName: true, alwaysEmitImplicit: true });
}
