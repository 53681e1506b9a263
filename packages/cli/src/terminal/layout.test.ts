import { expect, test } from "vitest";
import { bar } from "./bar.ts";
import { box } from "./box.ts";
import { plain } from "./style.ts";
import { fields, table } from "./table.ts";

test("a bar is exact to half a cell", () => {
  expect([0, 0.05, 0.5, 1, 7].map((fraction) => bar(fraction, 10, plain))).toEqual([
    "──────────",
    "╸─────────",
    "━━━━━─────",
    "━━━━━━━━━━",
    "━━━━━━━━━━",
  ]);
});

test("a box is as wide as what is in it, and gives way where it does not fit", () => {
  const lines = ["one", "a longer line"];
  expect(`\n${box("title", lines, 40, plain).join("\n")}`).toMatchInlineSnapshot(`
    "
    ╭─ title ───────╮
    │ one           │
    │ a longer line │
    ╰───────────────╯"
  `);
  expect(box("title", lines, 16, plain)).toEqual(["title", ...lines]);
});

test("columns are aligned", () => {
  const rows = [
    ["digits", "12"],
    ["penguins-of-the-south", "3"],
  ];
  const columns = [{ title: "MODEL" }, { title: "LATEST", align: "right" }] as const;
  expect(`\n${table(columns, rows, plain).join("\n")}`).toMatchInlineSnapshot(`
    "
    MODEL                   LATEST
    digits                      12
    penguins-of-the-south        3"
  `);
});

test("fields without a value are left out", () => {
  expect(
    fields(
      [
        ["a", "1"],
        ["long", "2"],
        ["none", undefined],
      ],
      plain,
    ),
  ).toEqual(["a      1", "long   2"]);
});

test("a list takes as many lines as it needs, beneath its beginning", () => {
  const items = ["one", "two", "a long one that has no room", "four"];
  expect(`\n${fields([["inputs", items]], plain, 22).join("\n")}`).toMatchInlineSnapshot(`
    "
    inputs   one, two,
             a long one that has no room,
             four"
  `);
});
