import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findData } from "./data-files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "data-files-"));
  await mkdir(join(folder, "parts/2001"), { recursive: true });
  const files = ["a [1].csv", "parts/b.csv", "parts/a.csv", "parts/2001/c.csv"];
  const others = [
    "parts/notes.md",
    "parts/_SUCCESS.csv",
    "parts/.a.csv.crc.csv",
    "parts/d.parquet",
  ];
  for (const name of [...files, ...others]) await writeFile(join(folder, name), "");
});
afterAll(() => rm(folder, { recursive: true }));

const names = async (ref: string) => {
  const found = await findData(folder, ref, "csv");
  return typeof found === "string" ? found : found.map(({ name }) => name);
};

test("a file is itself, even if its name looks like a pattern", async () => {
  expect(await names("parts/a.csv")).toBe(join(folder, "parts/a.csv"));
  expect(await names("a [1].csv")).toBe(join(folder, "a [1].csv"));
  expect(await names("missing.csv")).toBe(join(folder, "missing.csv"));
});

test("a folder is its files of the format, in order, but for what programs leave there", async () => {
  expect(await names("parts")).toEqual(["2001/c.csv", "a.csv", "b.csv"]);
});

test("a pattern is what it matches", async () => {
  expect(await names("parts/*.csv")).toEqual(["parts/a.csv", "parts/b.csv"]);
  expect(await names("parts/**/*.csv")).toEqual(["parts/2001/c.csv", "parts/a.csv", "parts/b.csv"]);
});

test("a folder or pattern without files is refused", async () => {
  await expect(names("parts/*.tsv")).rejects.toThrow("there is no file parts/*.tsv");
  await mkdir(join(folder, "empty"));
  await expect(names("empty")).rejects.toThrow("there is no file **/*.csv");
});

test("a folder of images is all of them, in any letters; one without an image is told", async () => {
  const photos = join(folder, "photos");
  for (const name of ["cat/old", "dog", ".thumbs", "_cache"])
    await mkdir(join(photos, name), { recursive: true });
  for (const name of ["cat/1.png", "cat/old/2.JPG", "dog/3.jpeg", "dog/4.webp", "dog/notes.md"])
    await writeFile(join(photos, name), "");
  const found = await findData(folder, "photos", "images");
  expect(Array.isArray(found) && found.map(({ name }) => name)).toEqual([
    "cat/1.png",
    "cat/old/2.JPG",
    "dog/3.jpeg",
    "dog/4.webp",
  ]);
  await mkdir(join(photos, "bird/young"), { recursive: true });
  await writeFile(join(photos, "bird/notes.md"), "");
  await expect(findData(folder, "photos", "images")).rejects.toThrow(
    "photos has folders without an image: bird, bird/young; fill them or take them away",
  );
});
