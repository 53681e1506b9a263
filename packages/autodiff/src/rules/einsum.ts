/** The gradient of Einsum is an Einsum for each operand, with its letters and those of the output changed places. */
import { explicitEquation, type GraphBuilder, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { shapeOf, sizeAt, sizes, vectorOf, zeros } from "../sizes.ts";

const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];

export const einsum = {
  // Y[o] = Σ A[s] B[t] ...: dA[s] = Σ dY[o] B[t] ..., where a letter of s that stands nowhere else is stretched.
  Einsum: ({ g, x, dy, wanted, attributes: { equation } }) => {
    const { terms, output } = explicitEquation(
      equation,
      x.map((operand) => shapeOf(operand).length),
    );
    return x.map((operand, index) => {
      if (!wanted[index]) return null;
      const others = terms.toSpliced(index, 1);
      const d = einsumOf(g, [dy, ...x.toSpliced(index, 1)], [output, ...others], terms[index]!);
      return spread(g, d.value, d.letters, terms[index]!, operand);
    });
  },
} satisfies Rules<"Einsum">;

/** The product summed to those letters of an operand that it has at all, each once. */
function einsumOf(
  g: GraphBuilder,
  x: readonly Value[],
  terms: readonly string[],
  wanted: string,
): { readonly value: Value; readonly letters: string } {
  const known = new Set(terms.join(""));
  const found = [...new Set(wanted)].filter((letter) => known.has(letter)).join("");
  if (terms.length === 1 && terms[0] === found) return { value: x[0]!, letters: found };
  const equation = `${terms.join(",")}->${found}`;
  return { value: g.node("Einsum", x, { equation }), letters: found };
}

/** In all letters of the operand: stretched along those that are missing, and on the diagonal of those that repeat. */
function spread(g: GraphBuilder, d: Value, found: string, own: string, operand: Value): Value {
  const once = [...new Set(own)].join("");
  const missing = [...once].flatMap((letter, axis) => (found.includes(letter) ? [] : [axis]));
  let value = d;
  if (missing.length > 0) {
    const apart = g.unsqueeze(d, missing);
    const shape = [...once].map((letter) => sizeAt(g, operand, own.indexOf(letter)));
    value = g.expand(apart, once === own ? sizes(g, operand) : vectorOf(g, shape));
  }
  return once === own ? value : onDiagonals(g, value, once, own, operand);
}

/** Multiplied by a matrix of ones on the diagonal for each letter that comes again. */
function onDiagonals(g: GraphBuilder, d: Value, once: string, own: string, operand: Value): Value {
  const free = letters.filter((letter) => !own.includes(letter));
  const named: string[] = [];
  const eyes: { readonly letters: string; readonly value: Value }[] = [];
  for (const [axis, letter] of [...own].entries()) {
    if (own.indexOf(letter) === axis) {
      named.push(letter);
      continue;
    }
    const fresh = free.shift() ?? refuse(`"${own}" leaves no letters for its diagonals`);
    named.push(fresh);
    eyes.push({ letters: letter + fresh, value: eyeOf(g, operand, axis) });
  }
  const equation = `${[once, ...eyes.map((eye) => eye.letters)].join(",")}->${named.join("")}`;
  return g.node("Einsum", [d, ...eyes.map(({ value }) => value)], { equation });
}

function eyeOf(g: GraphBuilder, x: Value, axis: number): Value {
  const size = sizeAt(g, x, axis);
  return g.node("EyeLike", [zeros(g, [size, size], x)]);
}
