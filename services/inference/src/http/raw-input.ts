/**
 * A body that is nothing but the bytes of a model's only input, as a program without a JSON writer sends it. Its shape is
 * what the model's leaves open: one size, besides the number of rows, which is one.
 */
import { DomainError } from "@amaas/errors";
import type { Context } from "@amaas/rpc";
import { bytesPerElement, isDataType } from "@amaas/tensor";
import type { InferenceHandlers } from "../handlers/index.ts";
import type { InferBody, InferTarget } from "./infer-request.ts";

export async function rawInput(
  body: Uint8Array,
  { model, version }: InferTarget,
  metadata: InferenceHandlers["modelMetadata"],
  context: Context,
): Promise<InferBody> {
  const { inputs } = await metadata({ name: model, version }, context);
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0)
    throw refused(model, `has ${inputs.length} inputs, and a raw binary request has one`);
  if (!isDataType(input.datatype) || input.datatype === "BYTES")
    throw refused(model, `takes ${input.datatype}, whose elements have no fixed size`);
  const elements = body.byteLength / bytesPerElement(input.datatype);
  const shape = shapeFor(elements, input.shape);
  if (shape === undefined)
    throw refused(
      model,
      `takes ${input.datatype} of the shape [${input.shape}], which ${body.byteLength} bytes do not tell`,
    );
  return {
    request: {
      modelName: model,
      modelVersion: version,
      id: "",
      parameters: {},
      inputs: [
        { name: input.name, datatype: input.datatype, shape, parameters: {}, contents: undefined },
      ],
      outputs: [],
      rawInputContents: [body],
    },
    forms: { binaryByDefault: true, binary: new Map() },
  };
}

/** The only shape that has so many elements; undefined where there is none, or more than one. */
export function shapeFor(elements: number, model: readonly bigint[]): bigint[] | undefined {
  const fixed = model.reduce((product, size) => (size < 0n ? product : product * size), 1n);
  const open = model.filter((size) => size < 0n).length;
  if (!Number.isSafeInteger(elements) || fixed === 0n || BigInt(elements) % fixed !== 0n)
    return undefined;
  const rest = BigInt(elements) / fixed;
  // Of two open sizes the first is the number of rows.
  const rows = open === 2 && model[0]! < 0n ? 1n : undefined;
  if (open > 2 || (open === 2 && rows === undefined) || (open === 0 && rest !== 1n))
    return undefined;
  return model.map((size, axis) => {
    if (size >= 0n) return size;
    return axis === 0 && rows !== undefined ? rows : rest;
  });
}

function refused(model: string, why: string): DomainError {
  return new DomainError(
    "invalid-argument",
    `a raw binary request cannot be made for model '${model.slice(0, 80)}', which ${why}; say in JSON what the input is`,
  );
}
