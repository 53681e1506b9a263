/**
 * A look over the bytes of an ONNX file before anything is made of them: every length lies within what holds
 * it, nesting ends, and the memory that decoding would take is counted. A few bytes of a file can stand for a
 * hundred times as many of memory, so the size of the file alone protects nothing.
 */
import { DomainError } from "@amaas/errors";
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

/** Which fields hold messages, and which repeat packed numbers; all other fields are leaves. */
const messages = {
  Model: { 7: "Graph", 8: "Leaf", 14: "Leaf", 25: "Function" },
  Graph: { 1: "Node", 5: "Tensor", 11: "ValueInfo", 12: "ValueInfo", 13: "ValueInfo" },
  Node: { 5: "Attribute" },
  Attribute: { 5: "Tensor", 6: "Graph", 7: "floats", 8: "varints", 10: "Tensor", 11: "Graph" },
  Tensor: {
    1: "varints",
    4: "floats",
    5: "varints",
    7: "varints",
    10: "doubles",
    11: "varints",
    13: "Leaf",
  },
  ValueInfo: { 2: "Type" },
  Type: { 1: "TensorType", 4: "SequenceType", 5: "MapType" },
  TensorType: { 2: "ShapeOf" },
  SequenceType: { 1: "Type" },
  MapType: { 2: "Type" },
  ShapeOf: { 1: "Leaf" },
  Function: { 7: "Node", 9: "Leaf" },
  Leaf: {},
} as const;

/** What one of each takes in memory when decoded, in bytes. */
const cost = { message: 700, leaf: 80, bigint: 40, number: 16 };

export function takeCensus(bytes: Uint8Array, limits: Limits): void {
  if (bytes.byteLength > limits.bytes)
    throw new DomainError(
      "invalid-argument",
      `the file has ${bytes.byteLength} bytes, more than the ${limits.bytes} allowed`,
    );
  new Census(bytes, limits).message("Model", bytes.byteLength, 1);
}

class Census {
  readonly #bytes: Uint8Array;
  readonly #limits: Limits;
  #at = 0;
  #memory = 0;

  constructor(bytes: Uint8Array, limits: Limits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  message(name: MessageName, end: number, depth: number): void {
    if (depth > this.#limits.depth)
      misfit(`messages nest deeper than the ${this.#limits.depth} allowed`);
    this.#spend(cost.message);
    const inner: Readonly<Record<number, string>> = messages[name];
    while (this.#at < end) this.#field(inner, end, depth);
  }

  #field(inner: Readonly<Record<number, string>>, end: number, depth: number): void {
    const tag = this.#varint(end);
    const field = Math.floor(tag / 8);
    if (field === 0 || tag > 0xffffffff) misfit(`there is no field ${field} (at byte ${this.#at})`);
    this.#spend(cost.leaf);
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
    else if (holds !== undefined) this.#numbers(length, holds === "floats" ? 4 : 8);
    this.#at = last;
  }

  /** A decoder that read past a ragged end would see other messages than were counted here. */
  #numbers(length: number, each: number): void {
    if (length % each !== 0) misfit(`${length} bytes are no whole number of ${each}-byte numbers`);
    this.#spend((length / each) * cost.number);
  }

  #varints(end: number): void {
    while (this.#at < end) {
      this.#varint(end);
      this.#spend(cost.bigint);
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

  #spend(memory: number): void {
    this.#memory += memory;
    if (this.#memory > this.#limits.memory)
      misfit(`decoding would take more than the ${this.#limits.memory} bytes of memory allowed`);
  }
}

function isMessage(holds: string | undefined): holds is MessageName {
  return holds !== undefined && Object.hasOwn(messages, holds);
}
