import { expect, test } from "vitest";
import { chart } from "./chart.ts";
import { plain } from "./style.ts";

const options = { width: 40, height: 5, style: plain };
const draw = (values: readonly number[], span = values.length) =>
  chart(values, { ...options, span }).join("\n");

test("a straight line is straight", () => {
  expect(draw(Array.from({ length: 100 }, (_, x) => 1 + x / 50))).toMatchInlineSnapshot(`
    "2.9800 ┤                          ⣀⡠⠤⠒⠒⠉
           │                   ⣀⣀⠤⠔⠒⠊⠉
    1.9900 ┤            ⢀⣀⠤⠤⠒⠊⠉
           │      ⣀⡠⠤⠒⠒⠉⠁
    1.0000 ┤⣀⠤⠔⠒⠉⠉
           └────────────────────────────────"
  `);
});

test("a curve that falls by more than ten times has a logarithmic axis", () => {
  expect(
    draw(Array.from({ length: 200 }, (_, x) => 10 * Math.exp(-x / 30))),
  ).toMatchInlineSnapshot(`
    " 10.00 ┤⠉⠒⠢⠤⣀⣀
           │      ⠉⠑⠒⠤⠤⣀⡀
    0.3627 ┤            ⠈⠉⠑⠒⠤⢄⣀⡀
           │                   ⠈⠉⠒⠢⠤⢄⣀
    0.0132 ┤                          ⠉⠑⠒⠢⠤⣀
           └────────────────────────────────"
  `);
});

test("what has not happened yet stays blank", () => {
  expect(draw([3, 2, 1], 12)).toMatchInlineSnapshot(`
    "3.0000 ┤⠱⡀
           │ ⠱⡀
    2.0000 ┤  ⠱⡀
           │   ⠱⡀
    1.0000 ┤    ⠱⡀
           └────────────────────────────────"
  `);
});

test("marks stand where their values are, with room between them", () => {
  const values = Array.from({ length: 50 }, (_, x) => 10 + x);
  const marks = [
    { at: 0, value: 35 },
    { at: 10, value: 59 },
    { at: 11, value: 35 },
    { at: 20, value: Number.NaN },
    { at: 49, value: 10 },
  ];
  expect(chart(values, { ...options, span: 50, marks }).join("\n")).toMatchInlineSnapshot(`
    "59.00 ┤      ◆                   ⣀⣀⠤⠤⠒⠊⠁
          │                   ⢀⣀⡠⠤⠒⠒⠉
    34.50 ┤             ⣀⡠⠤⠔⠒⠉⠁
          │      ⢀⡠⠤⠔⠒⠉⠉
    10.00 ┤⣀⠤⠔⠒⠊⠉⠁                         ◆
          └─────────────────────────────────"
  `);
});

test.each([
  ["nothing", []],
  ["one value", [1]],
  ["equal values", [2, 2, 2]],
  ["what is no number", [Number.NaN, Number.POSITIVE_INFINITY]],
])("%s can be drawn", (_, values) => {
  const lines = chart(values, { ...options, span: 10 });
  expect(lines).toHaveLength(6);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
});
