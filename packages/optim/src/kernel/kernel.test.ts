import fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "./compile.ts";
import { inJavaScript, sameBits } from "./in-javascript.fixture.ts";
import { Kernel } from "./kernel.ts";
import { BLOCK_LENGTH, KernelMemory } from "./memory.ts";

const names = ["a", "b", "c"];
const numbers = { p: 0.1, q: -3 };

const value = fc.oneof(
  fc.float(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 2 ** -149, -(2 ** -149), 2 ** -126, 1, -1),
);
/** Less than a turn of the loop, or some of them and a rest. */
const vectors = fc
  .integer({ min: 0, max: 19 })
  .chain((length) =>
    fc.tuple(...names.map(() => fc.array(value, { minLength: length, maxLength: length }))),
  );

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie("expression");
  const of = (count: number) => fc.tuple(...Array.from({ length: count }, () => inner));
  return {
    expression: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.constantFrom(...names, "p", "q", "0", "1", "0.5"),
      fc
        .tuple(inner, fc.constantFrom(..."+-*/"), inner)
        .map(([x, sign, y]) => `(${x} ${sign} ${y})`),
      // As it comes, by precedence.
      fc.tuple(inner, fc.constantFrom(..."+-*/"), inner).map((of) => of.join(" ")),
      fc
        .tuple(fc.constantFrom("abs", "sqrt", "sign", "fround"), inner)
        .map(([f, x]) => `${f}(${x})`),
      inner.map((x) => `(-(${x}))`),
      fc.tuple(of(4), fc.constantFrom("<", "<=")).map(([[a, b, x, y], compared]) => {
        return `((${a}) ${compared} (${b}) ? (${x}) : (${y}))`;
      }),
      of(2).map(([a, b]) => `((${a}) < (${b}) ? (${a}) : (${b}))`),
      of(2).map(([a, b]) => `((${a}) < (${b}) ? (${b}) : (${a}))`),
    ),
  };
});

test("any formulas give the bits that JavaScript gives", () => {
  const target = fc.constantFrom("a", "b", "x", "y");
  const lines = fc.array(fc.tuple(target, expression), { minLength: 1, maxLength: 3 });
  const memory = new KernelMemory(3);
  fc.assert(
    fc.property(lines, vectors, (assignments, values) => {
      const lines = assignments.map((line) => line.join(" = "));
      const of = () => values.map((each) => Float32Array.from(each));
      const [mine, theirs] = [of(), of()];
      inJavaScript(
        lines,
        Object.fromEntries(names.map((name, at) => [name, theirs[at]!])),
        numbers,
      );
      const compiled = compile(lines, names);
      const used = compiled.vectors.map((name) => mine[names.indexOf(name)]!);
      new Kernel(compiled, memory).run(used, numbers);
      expect(mine.map((each, at) => sameBits(each, theirs[at]!))).toEqual(names.map(() => true));
    }),
    { numRuns: 500 },
  );
});

test("vectors may be in its memory or elsewhere, and longer than a block", () => {
  const lines = ["a = a * 0.5 + b", "c = sqrt(a * a)"];
  const compiled = compile(lines, names);
  for (const length of [0, 1, 2, 7, 8, 9, 16, BLOCK_LENGTH, 2 * BLOCK_LENGTH + 3])
    for (const inside of [[], ["a"], ["b", "c"], names]) {
      const memory = new KernelMemory(3, 3 * length);
      const filled = (vector: Float32Array, at: number) => {
        vector.forEach((_, i) => {
          vector[i] = Math.sin(i + at);
        });
        return vector;
      };
      const place = (name: string) =>
        inside.includes(name) ? memory.take(length) : new Float32Array(length);
      const mine = names.map((name, at) => filled(place(name), at));
      const theirs = names.map((_, at) => filled(new Float32Array(length), at));
      inJavaScript(lines, Object.fromEntries(names.map((name, at) => [name, theirs[at]!])), {});
      new Kernel(compiled, memory).run(mine, {});
      expect(mine.map((each, at) => sameBits(each, theirs[at]!))).toEqual([true, true, true]);
    }
});

test("a formula that is none is refused with what was wanted", () => {
  const refused = (line: string) => expect(() => compile([line], names));
  refused("a + b").toThrow('"a + b": wanted name = expression');
  refused("a = b +").toThrow('"a = b +": wanted a value, found the end');
  refused("a = b c").toThrow("wanted nothing more, found c");
  refused("a = cos(b)").toThrow("wanted a function, found cos");
  refused("a = abs(b, c)").toThrow("wanted 1 operands of abs, found 2");
  refused("a = b < c").toThrow("wanted ?, found the end");
  refused("x = x + 1").toThrow("x is a number from outside, and given a value");
});

test("a number that nobody gives is missed before anything is written", () => {
  const a = Float32Array.of(1);
  const kernel = new Kernel(compile(["a = a * rate"], names), new KernelMemory(1));
  expect(() => kernel.run([a], {})).toThrow("nobody says what rate is");
  expect(a[0]).toBe(1);
});

test("memory that addresses of 32 bits do not reach is refused", () => {
  expect(() => new KernelMemory(0, 2 ** 30 + 1)).toThrow(RangeError);
});
