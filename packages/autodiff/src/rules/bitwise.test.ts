import type { GraphBuilder, Value } from "@amaas/graph";
import { bitwise } from "./bitwise.ts";
import { judge } from "./judge.fixture.ts";

const counts = (g: GraphBuilder, x: Value) => g.cast(g.abs(x), "UINT32");
const two = (g: GraphBuilder) => g.scalar(2, "UINT32");

judge(bitwise, {
  BitShift: (g, x) => g.node("BitShift", [counts(g, x), two(g)], { direction: "LEFT" }),
  BitwiseAnd: (g, x) => g.node("BitwiseAnd", [counts(g, x), two(g)]),
  BitwiseOr: (g, x) => g.node("BitwiseOr", [counts(g, x), two(g)]),
  BitwiseXor: (g, x) => g.node("BitwiseXor", [counts(g, x), two(g)]),
  BitwiseNot: (g, x) => g.cast(g.node("BitwiseNot", [g.cast(x, "INT32")]), "FP32"),
});
