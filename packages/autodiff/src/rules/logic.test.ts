import { binary, judge, positive } from "./judge.fixture.ts";
import { logic } from "./logic.ts";

judge(logic, {
  Greater: (g, x) => g.greater(x, g.scalar(0, x)),
  GreaterOrEqual: (g, x) => g.greaterOrEqual(x, g.scalar(0.3, x)),
  Less: (g, x) => g.less(x, g.scalar(0, x)),
  LessOrEqual: (g, x) => g.lessOrEqual(g.scalar(0.3, x), x),
  Equal: (g, x) => g.equal(g.sign(x), g.scalar(1, x)),
  And: (g, x) => g.and(positive(g, x), positive(g, x)),
  Or: (g, x) => g.or(positive(g, x), g.not(positive(g, x))),
  Xor: (g, x) => g.node("Xor", [positive(g, x), g.isNaN(x)]),
  Not: (g, x) => g.not(positive(g, x)),
  IsNaN: (g, x) => g.isNaN(g.log(x)),
  IsInf: (g, x) => g.node("IsInf", [g.div(x, g.sub(x, x))]),
  Where: binary((g, a, b) => g.where(positive(g, g.mul(a, b)), a, b)),
});
