import { describe, expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { einsum } from "./einsum.ts";
import { explicitEquation } from "./equation.ts";
import { a, type Case, compareKernels, cube, f32, i64 } from "./kernels.fixture.ts";

const counted = (...shape: readonly number[]) =>
  f32(
    shape,
    Array.from({ length: shape.reduce((n, m) => n * m, 1) }, (_, i) => ((i * 7) % 11) / 4 - 1),
  );

const sum = (equation: string, ...inputs: Case["inputs"]): Case => ({
  op: "Einsum",
  inputs,
  attributes: { equation },
});

compareKernels(einsum, [
  sum("ij->ji", a),
  sum("ij->", a),
  sum("ij->i", a),
  sum("ij,jk->ik", a, counted(3, 4)),
  sum("ij,jk", a, counted(3, 4)),
  sum("ba", a),
  sum("i,j->ij", counted(2), counted(3)),
  sum("ijk,ijk->ik", cube, cube),
  sum(" b h t , b h s -> b t s ", cube, counted(2, 2, 4)),
  // Of equal length only: onnxruntime 1.30 does not open an Einsum whose ellipses stand for different numbers of axes.
  sum("...ij,...jk->...ik", counted(3, 1, 2, 3), counted(1, 4, 3, 2)),
  sum("...ij,jk", cube, counted(3, 2)),
  sum("...->...", cube),
  sum("i...->...", cube),
  sum("ii->i", counted(3, 3)),
  sum("ii->", counted(3, 3)),
  sum("iji->j", counted(2, 3, 2)),
  sum("ij,jk,kl->il", a, counted(3, 2), counted(2, 4)),
  sum("ij,kj,j->ki", a, counted(4, 3), counted(3)),
  sum("ij,jk->ik", i64([2, 2], [1, 2, 3, 4]), i64([2, 2], [5, 6, 7, 8])),
  sum("Ba,aC->CB", a, counted(3, 2)),
]);

describe("equations", () => {
  test("are spelled out", () => {
    expect(explicitEquation("...ij,jk", [4, 2])).toEqual({ terms: ["abij", "jk"], output: "abik" });
    expect(explicitEquation("a...,b...->ab...", [3, 2])).toEqual({
      terms: ["acd", "bd"],
      output: "abcd",
    });
    expect(explicitEquation("bA,Ab", [2, 2]).output).toBe("");
  });

  test("are refused when they do not fit", () => {
    expect(() => explicitEquation("ij", [3])).toThrow("names 2 axes of an operand that has 3");
    expect(() => explicitEquation("ij,jk", [2])).toThrow("2 terms for 1 operands");
    expect(() => explicitEquation("ij->ijj", [2])).toThrow("twice, or no operand");
    expect(() => explicitEquation("ij->k", [2])).toThrow("no operand");
    expect(() => explicitEquation("i1->i", [2])).toThrow("no row of letters");
    expect(() => explicitEquation("i->i->i", [1])).toThrow("more than one arrow");
  });

  test("keep symbols", () => {
    const g = graphBuilder("sizes");
    const q = g.input("q", "FP32", ["batch", "heads", "n", 64]);
    const k = g.input("k", "FP32", ["batch", "heads", "m", 64]);
    const scores = g.node("Einsum", [q, k], { equation: "bhnd,bhmd->bhnm" });
    expect(scores.shape).toEqual(["batch", "heads", "n", "m"]);
  });
});
