import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { missingSpellings } from "./cell.ts";
import { defaultLimits } from "./index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8").replaceAll("\n", " ");

test("the README names every spelling of missing", () => {
  for (const spelling of missingSpellings) expect(readme).toContain(`\`${spelling || '""'}\``);
});

test("the README tells the limits", () => {
  const mebibytes = (bytes: number) =>
    bytes >= 1 << 30 ? `${bytes / 2 ** 30} GiB` : `${bytes / 2 ** 20} MiB`;
  const { arrayBytes, imageBytes, jsonBytes, groupBytes, rows, cells, characters, files } =
    defaultLimits;
  const { columns, features, cell, classes, categories } = defaultLimits;
  const grouped = (count: number) => (count < 10_000 ? `${count}` : count.toLocaleString("en"));
  for (const told of [
    `${mebibytes(arrayBytes)} for an array file`,
    `${mebibytes(imageBytes)} for the file of one`,
    `${mebibytes(jsonBytes)} for an array of JSON or a line`,
    `${mebibytes(groupBytes)} for a column in a group of rows`,
    `${grouped(files)} files`,
    `${rows / 1e6} million rows`,
    `${cells / 1e9} billion cells`,
    `${characters / 2 ** 20} Mi characters`,
    `${grouped(columns)} columns`,
    `${grouped(features)} features`,
    `${grouped(cell)} characters in a cell`,
    `${grouped(classes)} classes`,
    `${grouped(categories)} different texts`,
  ])
    expect(readme).toContain(told);
});
