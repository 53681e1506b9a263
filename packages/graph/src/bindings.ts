/**
 * What joins a graph to the one it is put into: its inputs stand for values there, and the symbols of its sizes
 * for sizes there.
 */
import type { Dimension, Graph, Opsets, Shape, ValueInfo } from "./graph.ts";
import type { Known } from "./infer.ts";
import { misfit, within } from "./misfit.ts";
import { mergeDimensions, mergeShapes, unknownDimension } from "./shape.ts";
import type { Value } from "./value.ts";

export class Bindings {
  readonly values = new Map<string, Value>();
  readonly #symbols = new Map<string, Dimension>();

  constructor(graph: Graph, bound: Readonly<Record<string, Value>>) {
    for (const input of graph.inputs)
      within(
        () => `input "${input.name}" of "${graph.name}"`,
        () => this.#bind(input, Object.hasOwn(bound, input.name) ? bound[input.name] : undefined),
      );
  }

  #bind(input: ValueInfo, value: Value | undefined): void {
    if (!value) misfit("no value is given for it");
    if (value.type && value.type !== input.type)
      misfit(`${input.type} is wanted, not ${value.type}`);
    mergeShapes(input.shape, value.shape);
    for (const [axis, symbol] of input.shape.entries()) {
      const size = value.shape?.[axis];
      if (typeof symbol === "number" || symbol === unknownDimension || size === undefined) continue;
      const known = this.#symbols.get(symbol);
      const merged = within(
        () => symbol,
        () => (known === undefined ? size : mergeDimensions(known, size)),
      );
      this.#symbols.set(symbol, merged);
    }
    this.values.set(input.name, value);
  }

  /** What is known inside, in the sizes of outside. */
  outside({ type, shape, content }: Known): Known {
    return {
      type,
      shape: shape && this.#replace(shape),
      content: content && this.#replace(content),
    };
  }

  #replace(sizes: Shape): Shape {
    return sizes.map((size) =>
      typeof size === "string" ? (this.#symbols.get(size) ?? size) : size,
    );
  }
}

/** The versions that both agree on. */
export function mergeOpsets(a: Opsets, b: Opsets): Opsets {
  for (const [domain, version] of Object.entries(b))
    if (Object.hasOwn(a, domain) && a[domain] !== version)
      misfit(`opset ${version} of ${domain || "ai.onnx"} cannot join opset ${a[domain]}`);
  return { ...a, ...b };
}
