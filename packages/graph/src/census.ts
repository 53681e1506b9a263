/**
 * A look over the bytes of an ONNX file before anything is made of them: every length lies within what holds
 * it, nesting ends, and the memory that decoding would take is counted. A few bytes of a file can stand for a
 * hundred times as many of memory, so the size of the file alone protects nothing.
 */
import { DomainError } from "@amaas/errors";
import { Budget } from "./budget.ts";
import { misfit } from "./misfit.ts";

export interface Limits {
  /** The size of the file. */
  readonly bytes: number;
  /** What decoding may take beyond the file itself, roughly. */
  readonly memory: number;
  /** How deep messages may nest; a graph in an attribute takes three. */
  readonly depth: number;
}

export const defaultLimits: Limits = {
  bytes: 2 ** 31 - 1,
  memory: 512 * 2 ** 20,
  depth: 40,
};

type MessageName = keyof typeof messages;

/** Which fields hold messages, packed numbers, or text that is decoded later; all other fields are leaves. */
const messages = {
  Model: { 7: "Graph", 8: "Leaf", 14: "Leaf", 25: "Function" },
  Graph: {
    1: "Node",
    5: "Tensor",
    11: "ValueInfo",
    12: "ValueInfo",
    13: "ValueInfo",
    15: "SparseTensor",
  },
  Node: { 5: "Attribute" },
  Attribute: {
    4: "text",
    5: "Tensor",
    6: "Graph",
    7: "floats",
    8: "varints",
    9: "text",
    10: "Tensor",
    11: "Graph",
    22: "SparseTensor",
  },
  Tensor: {
    1: "varints",
    4: "floats",
    5: "varints",
    6: "text",
    7: "varints",
    10: "doubles",
    11: "varints",
    13: "Leaf",
  },
  SparseTensor: { 1: "Tensor", 2: "Tensor", 3: "varints" },
  ValueInfo: { 2: "Type" },
  Type: { 1: "TensorType", 4: "SequenceType", 5: "MapType" },
  TensorType: { 2: "ShapeOf" },
  SequenceType: { 1: "Type" },
  MapType: { 2: "Type" },
  ShapeOf: { 1: "Leaf" },
  Function: { 7: "Node", 9: "Leaf", 11: "Attribute" },
  Leaf: {},
} as const;

/** What one of each takes in memory when decoded, in bytes. */
const cost = { message: 700, leaf: 80, bigint: 40, number: 16 };

export interface Census {
  /** What is left for the steps after decoding, each of which may make much of little. */
  readonly budget: Budget;
  /** What each local function takes, in the order of the file. */
  readonly functions: readonly number[];
}

export function takeCensus(bytes: Uint8Array, limits: Limits): Census {
  if (bytes.byteLength > limits.bytes)
    throw new DomainError(
      "invalid-argument",
      `the file has ${bytes.byteLength} bytes, more than the ${limits.bytes} allowed`,
    );
  const taker = new CensusTaker(bytes, limits);
  taker.message("Model", bytes.byteLength, 1);
  return taker;
}

class CensusTaker implements Census {
  readonly budget: Budget;
  readonly functions: number[] = [];
  readonly #bytes: Uint8Array;
  readonly #depth: number;
  #at = 0;

  constructor(bytes: Uint8Array, limits: Limits) {
    this.#bytes = bytes;
    this.#depth = limits.depth;
    this.budget = new Budget(limits.memory);
  }

  message(name: MessageName, end: number, depth: number): void {
    if (depth > this.#depth) misfit(`messages nest deeper than the ${this.#depth} allowed`);
    const before = this.budget.spent;
    this.budget.spend(cost.message);
    const inner: Readonly<Record<number, string>> = messages[name];
    while (this.#at < end) this.#field(inner, end, depth);
    if (name === "Function") this.functions.push(this.budget.spent - before);
  }

  #field(inner: Readonly<Record<number, string>>, end: number, depth: number): void {
    const tag = this.#varint(end);
    const field = Math.floor(tag / 8);
    if (field === 0 || tag > 0xffffffff) misfit(`there is no field ${field} (at byte ${this.#at})`);
    this.budget.spend(cost.leaf);
    switch (tag % 8) {
      case 0:
        this.#varint(end);
        return;
      case 1:
        this.#skip(8, end);
        return;
      case 2:
        this.#lengthDelimited(inner[field], end, depth);
        return;
      case 5:
        this.#skip(4, end);
        return;
      default:
        misfit(`wire type ${tag % 8} is not used by ONNX (at byte ${this.#at})`);
    }
  }

  #lengthDelimited(holds: string | undefined, end: number, depth: number): void {
    const length = this.#varint(end);
    const last = this.#at + length;
    if (last > end)
      misfit(`a field of ${length} bytes does not fit the ${end - this.#at} that are left`);
    if (isMessage(holds)) this.message(holds, last, depth + 1);
    else if (holds === "varints") this.#varints(last);
    else if (holds === "text") this.budget.spend(length);
    else if (holds !== undefined) this.#numbers(length, holds === "floats" ? 4 : 8);
    this.#at = last;
  }

  /** A decoder that read past a ragged end would see other messages than were counted here. */
  #numbers(length: number, each: number): void {
    if (length % each !== 0) misfit(`${length} bytes are no whole number of ${each}-byte numbers`);
    this.budget.spend((length / each) * cost.number);
  }

  #varints(end: number): void {
    while (this.#at < end) {
      this.#varint(end);
      this.budget.spend(cost.bigint);
    }
  }

  /** The value is exact up to 2^53, which is all that lengths and tags need. */
  #varint(end: number): number {
    let value = 0;
    let weight = 1;
    for (let count = 0; count < 10; count++) {
      if (this.#at >= end) misfit("the file ends within a number");
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
      weight *= 128;
    }
    return misfit(`a number takes more than 10 bytes (at byte ${this.#at})`);
  }

  #skip(count: number, end: number): void {
    this.#at += count;
    if (this.#at > end) misfit("the file ends within a number");
  }
}

function isMessage(holds: string | undefined): holds is MessageName {
  return holds !== undefined && Object.hasOwn(messages, holds);
}
