/**
 * Which constants of two graphs are the same. Weights are known by their name, and where nothing has the name,
 * by their content; scalars and short lists of whole numbers are part of the program, and known by their
 * content, since nobody names them.
 */
import { type Tensor, toRaw } from "@amaas/tensor";
import type { Graph } from "./graph.ts";
import { fromTensor } from "./ndarray.ts";
import { type Numbering, sha256Of } from "./numbering.ts";
import { isFloat } from "./ops/type-classes.ts";
import { printType } from "./shape.ts";

/** Lists of whole numbers of up to this many elements are sizes, axes, paddings. */
const longestProgramList = 64;

export interface TensorMark {
  /** `FP32[784, 10]` */
  readonly type: string;
  /** Of the elements in row-major order, little-endian. */
  readonly sha256: string;
}

export type InitializerDifference =
  | { readonly kind: "added" | "removed"; readonly name: string; readonly value: TensorMark }
  | {
      readonly kind: "renamed";
      readonly name: string;
      readonly to: string;
      readonly value: TensorMark;
    }
  | {
      readonly kind: "changed";
      readonly name: string;
      readonly from: TensorMark;
      readonly to: TensorMark;
      /** Where both are numbers of one shape; NaN where one has NaN and the other has not. */
      readonly maxAbsDifference?: number;
      /** How many elements are not the same. */
      readonly differing?: number;
    };

export interface InitializerPairs {
  readonly differences: readonly InitializerDifference[];
  /** Numbers by name, the same for what is the same in both. */
  readonly a: ReadonlyMap<string, number>;
  readonly b: ReadonlyMap<string, number>;
}

type Named = readonly [name: string, tensor: Tensor];

export function pairInitializers(
  a: Graph,
  b: Graph,
  numbering: Numbering,
  values: boolean,
): InitializerPairs {
  const pairing = new Pairing(numbering, values);
  const [ofA, ofB] = [[...a.initializers], [...b.initializers]];
  const isProgram = ([, tensor]: Named) => isOfProgram(tensor);
  const isWeight = ([, tensor]: Named) => !isOfProgram(tensor);
  pairing.program(ofA.filter(isProgram), ofB.filter(isProgram));
  pairing.weights(ofA.filter(isWeight), ofB.filter(isWeight));
  return pairing;
}

class Pairing implements InitializerPairs {
  readonly differences: InitializerDifference[] = [];
  readonly a = new Map<string, number>();
  readonly b = new Map<string, number>();
  readonly #numbering: Numbering;
  readonly #values: boolean;

  constructor(numbering: Numbering, values: boolean) {
    this.#numbering = numbering;
    this.#values = values;
  }

  /** A constant of the program that is nowhere in the other graph has changed, if one there has its name. */
  program(ofA: readonly Named[], ofB: readonly Named[]): void {
    for (const [name, tensor] of ofA) this.a.set(name, this.#numbering.ofContent(tensor));
    for (const [name, tensor] of ofB) this.b.set(name, this.#numbering.ofContent(tensor));
    const [inA, inB] = [new Set(this.a.values()), new Set(this.b.values())];
    const [removed, added] = this.#byName(
      ofA.filter(([name]) => !inB.has(this.a.get(name)!)),
      ofB.filter(([name]) => !inA.has(this.b.get(name)!)),
    );
    for (const named of removed) this.#alone("removed", named);
    for (const named of added) this.#alone("added", named);
  }

  weights(ofA: readonly Named[], ofB: readonly Named[]): void {
    const [removed, added] = this.#byName(ofA, ofB);
    const twins = twinsOf(removed, added);
    const taken = new Set(twins.values());
    for (const named of removed) {
      const [name, tensor] = named;
      const twin = twins.get(name);
      if (twin === undefined) {
        this.#alone("removed", named);
        continue;
      }
      this.#pair(name, twin);
      this.differences.push({ kind: "renamed", name, to: twin, value: markOf(tensor) });
    }
    for (const named of added) if (!taken.has(named[0])) this.#alone("added", named);
  }

  /** Pairs what has one name and tells what changed; answers what has no partner. */
  #byName(a: readonly Named[], b: readonly Named[]): readonly [Named[], Named[]] {
    const others = new Map(b);
    const removed = a.filter(([name, tensor]) => {
      const other = others.get(name);
      if (!other) return true;
      others.delete(name);
      this.#pair(name, name);
      const change = changeOf(name, tensor, other, this.#values);
      if (change) this.differences.push(change);
      return false;
    });
    return [removed, [...others]];
  }

  #pair(nameA: string, nameB: string): void {
    const number = this.#numbering.of(`initializer ${nameA}`);
    this.a.set(nameA, number);
    this.b.set(nameB, number);
  }

  #alone(kind: "added" | "removed", [name, tensor]: Named): void {
    const numbers = kind === "added" ? this.b : this.a;
    numbers.set(name, this.#numbering.of(`initializer ${name}`));
    this.differences.push({ kind, name, value: markOf(tensor) });
  }
}

/** What is in both under two names. Digests are made only of what could be the same by its type. */
function twinsOf(removed: readonly Named[], added: readonly Named[]): ReadonlyMap<string, string> {
  const [typesA, typesB] = [removed, added].map(
    (all) => new Set(all.map(([, tensor]) => printType(tensor))),
  );
  const candidates = new Map<string, string[]>();
  for (const [name, tensor] of added.toReversed()) {
    if (!typesA!.has(printType(tensor))) continue;
    const key = contentOf(tensor);
    const others = candidates.get(key);
    if (others) others.push(name);
    else candidates.set(key, [name]);
  }
  const twins = new Map<string, string>();
  for (const [name, tensor] of removed) {
    if (!typesB!.has(printType(tensor))) continue;
    const twin = candidates.get(contentOf(tensor))?.pop();
    if (twin !== undefined) twins.set(name, twin);
  }
  return twins;
}

function isOfProgram({ type, shape }: Tensor): boolean {
  if (shape.length === 0) return true;
  return !isFloat(type) && shape.length === 1 && shape[0]! <= longestProgramList;
}

function changeOf(
  name: string,
  a: Tensor,
  b: Tensor,
  values: boolean,
): InitializerDifference | undefined {
  if (printType(a) !== printType(b))
    return { kind: "changed", name, from: markOf(a), to: markOf(b) };
  if (!values || Buffer.compare(toRaw(a), toRaw(b)) === 0) return undefined;
  return { kind: "changed", name, from: markOf(a), to: markOf(b), ...distance(a, b) };
}

function distance(a: Tensor, b: Tensor): { maxAbsDifference?: number; differing: number } {
  const [x, y] = [elementsOf(a), elementsOf(b)];
  let most = 0;
  let differing = 0;
  for (let index = 0; index < x.length; index++) {
    const from = x[index]!;
    const to = y[index]!;
    if (Object.is(from, to)) continue;
    differing++;
    if (typeof from === "bigint" && typeof to === "bigint")
      most = Math.max(most, Math.abs(Number(from - to)));
    else if (typeof from === "number" && typeof to === "number" && from !== to)
      most = Math.max(most, Math.abs(from - to));
  }
  return a.type === "BYTES" ? { differing } : { maxAbsDifference: most, differing };
}

/** As they are, since whole numbers may be beyond what a float64 tells apart. */
function elementsOf(tensor: Tensor): ArrayLike<number | bigint | string> {
  return tensor.type === "FP16" ? fromTensor(tensor).data : tensor.data;
}

function contentOf(tensor: Tensor): string {
  return `${printType(tensor)} ${sha256Of(tensor)}`;
}

export function markOf(tensor: Tensor): TensorMark {
  return { type: printType(tensor), sha256: sha256Of(tensor) };
}
