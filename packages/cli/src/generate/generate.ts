/**
 * Text out of a language model, token by token: what there is goes to the inference service, one of the tokens that
 * it thinks may follow is drawn and becomes part of what there is.
 *
 * The same version, prompt and seed make the same text.
 */
import type { Amaas } from "@amaas/client";
import { tokenize } from "@amaas/data";
import { DomainError } from "@amaas/errors";
import { hashKey, uniform } from "@amaas/random";
import { parseJobSpec, type TextSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { type Sampling, sample } from "./sample.ts";

export interface GenerateOptions extends Sampling {
  readonly prompt: string;
  /** How many tokens to make. */
  readonly length: number;
  readonly seed: number;
}

export interface LanguageModel {
  readonly name: string;
  readonly version: number;
  readonly text: TextSpec;
  /** What each id stands for. */
  readonly tokens: readonly string[];
}

/**
 * The version that is served, unless one is told.
 *
 * @throws DomainError failed-precondition where the model is none of text. */
export async function languageModel(
  client: Amaas,
  name: string,
  which?: number,
): Promise<LanguageModel> {
  const { versions } = await client.modelMetadata(name, which);
  const version = Number(versions[0]);
  const { classes, lineage } = await client.models.version(name, version);
  const data = lineage?.spec && parseJobSpec(lineage.spec).data;
  if (data?.format !== "text")
    throw new DomainError(
      "failed-precondition",
      `${name} version ${version} was not trained on text, wanted a model of task language-modeling with data.format text`,
    );
  return { name, version, text: data, tokens: classes };
}

/** Token after token. */
export async function* generate(
  client: Amaas,
  model: LanguageModel,
  { prompt, length, seed, ...sampling }: GenerateOptions,
): AsyncGenerator<string> {
  const { name, version, text, tokens } = model;
  const bytes = new TextEncoder().encode(prompt);
  let seen = [...tokenize(bytes, text.tokens, "prompt")];
  if (seen.length === 0)
    throw new DomainError("invalid-argument", "the prompt is empty, wanted a token or more");
  const key = hashKey("generate", seed);
  for (let place = 0; place < length; place++) {
    seen = seen.slice(-text.context);
    const input = { tokens: tensor("BYTES", [1, seen.length], seen) };
    const { outputs } = await client.infer(name, input, { version });
    const probabilities = Array.from(outputs.probabilities?.data ?? [], Number);
    // Padding and "all other tokens" are no text.
    probabilities.fill(0, 0, 2);
    const next = tokens[sample(probabilities, sampling, uniform(key, place))]!;
    yield next;
    seen.push(next);
  }
}
