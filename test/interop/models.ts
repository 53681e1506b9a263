/**
 * The models that clients of the protocol expect of a server under test: `simple` adds and subtracts two inputs of
 * 16 numbers, and so do its relatives of other datatypes; an identity for each datatype.
 */
import { graphBuilder, type Value, writeModel } from "@amaas/graph";
import type { DataType } from "@amaas/tensor";

const width = 16;

/** OUTPUT0 is the sum of INPUT0 and INPUT1, OUTPUT1 their difference, for rows of 16. */
function sumAndDifference(name: string, type: DataType): Uint8Array {
  const g = graphBuilder(name);
  // The engine adds neither texts nor short integers.
  const number = (input: string) => cast(g.input(input, type, ["rows", width]), "INT32");
  const cast = (x: Value, to: DataType) => (type === "INT32" ? x : g.cast(x, to));
  const [a, b] = [number("INPUT0"), number("INPUT1")];
  g.output("OUTPUT0", cast(g.add(a, b), type));
  g.output("OUTPUT1", cast(g.sub(a, b), type));
  return writeModel(g.model());
}

function identity(type: DataType): Uint8Array {
  const g = graphBuilder(`identity_${type.toLowerCase()}`);
  g.output("OUTPUT0", g.identity(g.input("INPUT0", type, ["rows", "columns"])));
  return writeModel(g.model());
}

/** Those that go over the wire raw and typed. */
export const datatypes = [
  "BOOL",
  "UINT8",
  "UINT16",
  "UINT32",
  "UINT64",
  "INT8",
  "INT16",
  "INT32",
  "INT64",
  "FP16",
  "FP32",
  "FP64",
  "BYTES",
] as const satisfies readonly DataType[];

export const models: Readonly<Record<string, Uint8Array>> = {
  simple: sumAndDifference("simple", "INT32"),
  simple_int8: sumAndDifference("simple_int8", "INT8"),
  simple_string: sumAndDifference("simple_string", "BYTES"),
  ...Object.fromEntries(
    datatypes.map((type) => [`identity_${type.toLowerCase()}`, identity(type)] as const),
  ),
};
