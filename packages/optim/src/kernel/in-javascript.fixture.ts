/** Formulas as the JavaScript that they are: what a kernel has to agree with, bit for bit. */
import type { Numbers } from "./kernel.ts";

/** Computes the lines for every element of the vectors, in place. */
export function inJavaScript(
  lines: readonly string[],
  vectors: Readonly<Record<string, Float32Array>>,
  numbers: Numbers,
): void {
  const names = Object.keys(vectors);
  const assigned = lines.map((line) => line.split(" ")[0] ?? "");
  const others = [...new Set(assigned)].filter((name) => !names.includes(name));
  const body = `
    "use strict";
    const { abs, sqrt, sign, fround } = Math;
    const { ${Object.keys(numbers).join(", ")} } = numbers;
    let ${["last", ...others].join(", ")};
    for (let i = 0; i < length; i++) {
      ${names.map((name) => `let ${name} = vectors.${name}[i];`).join("\n")}
      ${lines.join(";\n")};
      ${names.map((name) => `vectors.${name}[i] = ${name};`).join("\n")}
    }`;
  const length = Object.values(vectors)[0]?.length ?? 0;
  new Function("vectors", "numbers", "length", body)(vectors, numbers, length);
}

/** The same float32 in every place; NaNs are all one. */
export function sameBits(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, at) => Object.is(value, b[at]));
}
