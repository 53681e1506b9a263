/** Circular and hyperbolic functions, and their inverses. */
import { unary } from "./elementwise.ts";
import { wantFloat } from "./type-classes.ts";

export const trigonometry = {
  Sin: unary(Math.sin, wantFloat),
  Cos: unary(Math.cos, wantFloat),
  Tan: unary(Math.tan, wantFloat),
  Asin: unary(Math.asin, wantFloat),
  Acos: unary(Math.acos, wantFloat),
  Atan: unary(Math.atan, wantFloat),
  Sinh: unary(Math.sinh, wantFloat),
  Cosh: unary(Math.cosh, wantFloat),
  Asinh: unary(Math.asinh, wantFloat),
  Acosh: unary(Math.acosh, wantFloat),
  Atanh: unary(Math.atanh, wantFloat),
};
