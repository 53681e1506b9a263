/**
 * A model's configuration in its written forms: config.pbtxt, and the JSON of load requests. Both
 * refuse a field that configurations do not have: what is misspelt would be left undone.
 */
import { DomainError, errorMessage } from "@amaas/errors";
import { ModelConfig } from "@amaas/proto/inference/model_config";
import { parseText } from "@amaas/text-format";
import { fromJsonString, toBinary } from "@bufbuild/protobuf";
import { messageOf } from "../descriptors.ts";

const mostJson = 2 ** 20;
const schema = () => messageOf("ModelConfig");

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
