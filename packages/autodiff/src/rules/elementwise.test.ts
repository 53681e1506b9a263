import { elementwise } from "./elementwise.ts";
import { away, binary, judge, unary } from "./judge.fixture.ts";

judge(elementwise, {
  Add: binary((g, a, b) => g.add(a, b)),
  Sub: binary((g, a, b) => g.sub(a, b)),
  Mul: binary((g, a, b) => g.mul(a, b)),
  Div: binary((g, a, b) => g.div(a, b)),
  Pow: binary(
    (g, a, b) => g.pow(a, b),
    away.filter((n) => n > 0.4),
  ),
  Neg: unary((g, x) => g.neg(x)),
  Abs: unary((g, x) => g.abs(x)),
  Sign: (g, x) => g.sign(x),
  Exp: unary((g, x) => g.exp(x)),
  Log: unary((g, x) => g.log(x), away),
  Sqrt: unary((g, x) => g.sqrt(x), away),
  Tanh: unary((g, x) => g.tanh(x)),
  Sigmoid: unary((g, x) => g.sigmoid(x)),
  Relu: unary((g, x) => g.relu(x)),
});
