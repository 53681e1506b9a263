/**
 * Which inputs of a file samples go into, and what goes into those that follow from samples of tokens: which places hold
 * one, and how many places are before each. They are found by the spec, or by the names that Hugging Face gives them.
 */
import type { DomainError } from "@amaas/errors";
import type { GraphBuilder, Shape, Value } from "@amaas/graph";
import { faultySpec, type OnnxSpec } from "@amaas/spec";
import { type DataType, tensor } from "@amaas/tensor";
import type { Part } from "./part.ts";

export interface Inputs {
  readonly samples: string;
  readonly mask?: string;
  readonly positions?: string;
}

type Follower = "mask" | "positions";

const usualNames: { readonly [F in Follower]: string } = {
  mask: "attention_mask",
  positions: "position_ids",
};

/** @throws DomainError invalid-argument where there is none of a name, or one is left over. */
export function inputsOf(part: Part, spec: OnnxSpec): Inputs {
  const names = part.graph.inputs.map(({ name }) => name);
  const follower = (field: Follower) => {
    const wanted = spec[field];
    if (wanted !== undefined && !names.includes(wanted)) throw unknownInput(part, field, wanted);
    if (wanted !== undefined) return wanted;
    const usual = usualNames[field];
    return names.includes(usual) && usual !== spec.input ? usual : undefined;
  };
  const mask = follower("mask");
  const positions = follower("positions");
  const { input } = spec;
  if (input !== undefined && !names.includes(input)) throw unknownInput(part, "input", input);
  const [samples, ...more] = names.filter((name) => name !== mask && name !== positions);
  if (samples === undefined || more.length > 0 || samples !== (input ?? samples))
    throw fault(
      "input",
      `found ${listed(names)} that "${part.output}" is made of, wanted one input, and perhaps architecture.mask and architecture.positions`,
    );
  return { samples, ...(mask && { mask }), ...(positions && { positions }) };
}

/** Of the inputs that follow from samples, by name; `features` are rows of `places` ids, of which 0 is padding. */
export function followers(
  g: GraphBuilder,
  features: Value,
  { graph }: Part,
  { mask, positions }: Inputs,
  tokens: { readonly places: number; readonly vocabulary: number | undefined },
): Readonly<Record<string, Value>> {
  const { places } = tokens;
  const infoOf = (name: string, field: Follower) => {
    const { type, shape } = graph.inputs.find((info) => info.name === name)!;
    const what = `input ${JSON.stringify(name)} of the file`;
    if (tokens.vocabulary === undefined)
      throw fault(field, `${what} follows from tokens, found data that has no vocabulary`);
    const fits = fitting[field](shape, places) && types[field].includes(type);
    if (!fits)
      throw fault(
        field,
        `${what} is ${type} [${shape}], wanted [samples, ${places}] of ${types[field].join(", ")}`,
      );
    return { type, shape };
  };
  const made: Record<string, Value> = {};
  if (mask !== undefined)
    made[mask] = g.cast(holdsToken(g, features, places), infoOf(mask, "mask").type);
  if (positions !== undefined) {
    const { type, shape } = infoOf(positions, "positions");
    const counted = g.cast(counting(g, places), type);
    const isOfEach = shape.length === 2 && shape[0] !== 1;
    const wanted = isOfEach ? g.shape(features) : g.ints([...shape.slice(1).map(() => 1), places]);
    made[positions] = g.expand(counted, wanted);
  }
  return made;
}

const types: { readonly [F in Follower]: readonly DataType[] } = {
  mask: ["INT64", "INT32", "FP32", "BOOL"],
  positions: ["INT64", "INT32"],
};

const isOpenOr = (size: Shape[number] | undefined, places: number) =>
  typeof size === "string" || size === places;

const fitting: { readonly [F in Follower]: (shape: Shape, places: number) => boolean } = {
  mask: (shape, places) => shape.length === 2 && isOpenOr(shape[1], places),
  positions: (shape, places) =>
    (shape.length === 1 || shape.length === 2) && isOpenOr(shape.at(-1), places),
};

/** The first place is taken for a token's in any row: of a row without a place there would be no numbers. */
function holdsToken(g: GraphBuilder, ids: Value, places: number): Value {
  const isFirst = Uint8Array.from({ length: places }, (_, place) => Number(place === 0));
  return g.or(g.greater(ids, g.scalar(0, ids)), g.constant(tensor("BOOL", [places], isFirst)));
}

function counting(g: GraphBuilder, places: number): Value {
  return g.ints(Array.from({ length: places }, (_, place) => place));
}

function unknownInput({ graph, output }: Part, field: string, found: string): DomainError {
  const has = listed(graph.inputs.map(({ name }) => name));
  return fault(
    field,
    `found "${found}", wanted an input of the file that "${output}" is made of: ${has}`,
  );
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? names.map((name) => `"${name}"`).join(", ") : "no input";
}

function fault(field: string, description: string): DomainError {
  return faultySpec([{ field: `architecture.${field}`, description }]);
}
