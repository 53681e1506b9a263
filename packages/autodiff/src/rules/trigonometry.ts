/** Gradient rules for circular and hyperbolic functions. */
import type { Rules } from "../rule.ts";

export const trigonometry = {
  Sin: ({ g, x: [a], dy }) => [g.mul(dy, g.node("Cos", [a]))],
  Cos: ({ g, x: [a], dy }) => [g.neg(g.mul(dy, g.node("Sin", [a])))],
  // 1 + tan²
  Tan: ({ g, y, dy }) => [g.mul(dy, g.add(g.mul(y, y), g.scalar(1, y)))],
  // 1 / √(1 - a²)
  Asin: ({ g, x: [a], dy }) => [g.div(dy, g.sqrt(g.sub(g.scalar(1, a), g.mul(a, a))))],
  Acos: ({ g, x: [a], dy }) => [g.neg(g.div(dy, g.sqrt(g.sub(g.scalar(1, a), g.mul(a, a)))))],
  // 1 / (1 + a²)
  Atan: ({ g, x: [a], dy }) => [g.div(dy, g.add(g.mul(a, a), g.scalar(1, a)))],
  Sinh: ({ g, x: [a], dy }) => [g.mul(dy, g.node("Cosh", [a]))],
  Cosh: ({ g, x: [a], dy }) => [g.mul(dy, g.node("Sinh", [a]))],
  // 1 / √(a² + 1)
  Asinh: ({ g, x: [a], dy }) => [g.div(dy, g.sqrt(g.add(g.mul(a, a), g.scalar(1, a))))],
  // 1 / √(a² - 1)
  Acosh: ({ g, x: [a], dy }) => [g.div(dy, g.sqrt(g.sub(g.mul(a, a), g.scalar(1, a))))],
  // 1 / (1 - a²)
  Atanh: ({ g, x: [a], dy }) => [g.div(dy, g.sub(g.scalar(1, a), g.mul(a, a)))],
} satisfies Rules<
  "Sin" | "Cos" | "Tan" | "Asin" | "Acos" | "Atan" | "Sinh" | "Cosh" | "Asinh" | "Acosh" | "Atanh"
>;
