/**
 * Typed contents: the slow form of a tensor, with a repeated field for each family of types.
 *
 * The wire's families are wider than the element types (an INT8 comes as an int32), so a value that
 * does not fit is refused rather than wrapped around.
 */
import { DomainError } from "@amaas/errors";
import type { InferTensorContents } from "@amaas/proto/inference/grpc_service";
import type { Arrays, DataType } from "@amaas/tensor";

type Family = keyof InferTensorContents;

/** The name of each field, and the type that its values have by themselves. */
const wire: { readonly [F in Family]: { readonly name: string; readonly type: DataType } } = {
  boolContents: { name: "bool_contents", type: "BOOL" },
  intContents: { name: "int_contents", type: "INT32" },
  int64Contents: { name: "int64_contents", type: "INT64" },
  uintContents: { name: "uint_contents", type: "UINT32" },
  uint64Contents: { name: "uint64_contents", type: "UINT64" },
  fp32Contents: { name: "fp32_contents", type: "FP32" },
  fp64Contents: { name: "fp64_contents", type: "FP64" },
  bytesContents: { name: "bytes_contents", type: "BYTES" },
};
const families = Object.keys(wire) as Family[];

interface Reader<T extends DataType> {
  readonly family: Family;
  read(contents: InferTensorContents): Arrays[T];
}

const readers: { readonly [T in DataType]: Reader<T> | undefined } = {
  BOOL: {
    family: "boolContents",
    read: ({ boolContents }) => Uint8Array.from(boolContents, Number),
  },
  INT8: {
    family: "intContents",
    read: ({ intContents }) => exact("INT8", Int8Array.from(intContents), intContents),
  },
  INT16: {
    family: "intContents",
    read: ({ intContents }) => exact("INT16", Int16Array.from(intContents), intContents),
  },
  INT32: { family: "intContents", read: ({ intContents }) => Int32Array.from(intContents) },
  INT64: {
    family: "int64Contents",
    read: ({ int64Contents }) => BigInt64Array.from(int64Contents),
  },
  UINT8: {
    family: "uintContents",
    read: ({ uintContents }) => exact("UINT8", Uint8Array.from(uintContents), uintContents),
  },
  UINT16: {
    family: "uintContents",
    read: ({ uintContents }) => exact("UINT16", Uint16Array.from(uintContents), uintContents),
  },
  UINT32: { family: "uintContents", read: ({ uintContents }) => Uint32Array.from(uintContents) },
  UINT64: {
    family: "uint64Contents",
    read: ({ uint64Contents }) => BigUint64Array.from(uint64Contents),
  },
  // The protocol has no field for it: it goes raw.
  FP16: undefined,
  FP32: { family: "fp32Contents", read: ({ fp32Contents }) => Float32Array.from(fp32Contents) },
  FP64: { family: "fp64Contents", read: ({ fp64Contents }) => Float64Array.from(fp64Contents) },
  BYTES: { family: "bytesContents", read: ({ bytesContents }) => bytesContents.map(text) },
};

/** The field that holds values which do not belong there, and the one where they do. */
export interface Misplaced {
  readonly type: DataType;
  readonly found: string;
  readonly wanted: string;
}

export function misplaced(type: DataType, contents: InferTensorContents): Misplaced | undefined {
  const family = readers[type]?.family;
  const other = families.find((field) => field !== family && contents[field].length > 0);
  if (other === undefined) return undefined;
  const { type: ofOther, name } = wire[other];
  return { type: ofOther, found: name, wanted: family ? wire[family].name : "raw_input_contents" };
}

/** How many elements there are in the field of a type. */
export function countContents(type: DataType, contents: InferTensorContents): number {
  const family = readers[type]?.family;
  return family === undefined ? 0 : contents[family].length;
}

/** The elements of a type; none where the type has no field. */
export function readContents<T extends DataType>(
  type: T,
  contents: InferTensorContents,
): Arrays[T] | undefined {
  return readers[type]?.read(contents);
}

function exact<A extends ArrayLike<number>>(type: DataType, read: A, sent: readonly number[]): A {
  for (let index = 0; index < sent.length; index++) {
    if (read[index] !== sent[index])
      throw new DomainError("invalid-argument", `element ${index} is ${sent[index]}, no ${type}`);
  }
  return read;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array, index: number): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new DomainError("invalid-argument", `BYTES element ${index} is not UTF-8 text`, {
      cause,
    });
  }
}
