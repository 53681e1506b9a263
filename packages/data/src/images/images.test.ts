import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ImagesSpec, Task } from "@amaas/spec";
import { expect, test } from "vitest";
import { defaultLimits, readDataset } from "../index.ts";

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/images/${name}`, import.meta.url));
const digestOf = (bytes: Uint8Array) =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const [colour, grey, bits] = [fixture("colour.png"), fixture("grey.jpg"), fixture("bits.png")];

/** A folder of these files, and a table of labels if there is one. */
function read(
  files: Readonly<Record<string, Uint8Array>>,
  change: Partial<ImagesSpec> = {},
  { task = "classification", labels }: { task?: Task; labels?: string } = {},
) {
  const table = Buffer.from(labels ?? "");
  const blobs = new Map([...Object.values(files), table].map((bytes) => [digestOf(bytes), bytes]));
  const listed = Object.entries(files).map(([path, bytes]) => ({
    path,
    digest: digestOf(bytes),
    bytes: bytes.length,
  }));
  const manifest = Buffer.from(JSON.stringify({ files: listed }));
  blobs.set(digestOf(manifest), manifest);
  const spec: ImagesSpec = {
    format: "images",
    file: `files:${digestOf(manifest)}`,
    ...(labels !== undefined && { labels: digestOf(table) }),
    size: [2, 3],
    channels: 3,
    fit: "cover",
    onBadRow: "fail",
    ...change,
  };
  return readDataset(spec, task, async (digest) => blobs.get(digest)!, defaultLimits);
}

const all = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row);

test("rows are the files in their order, of the class of their folder; [channels, height, width]", async () => {
  const dataset = await read({ "b/1.png": colour, "b/more/a/2.jpg": grey, "c/1.png": bits });
  expect(dataset).toMatchObject({
    source: "integers",
    rows: 3,
    skippedRows: 0,
    inputs: [{ name: "input", datatype: "FP32", shape: [-1, 3, 2, 3] }],
    shape: [3, 2, 3],
    labels: { kind: "class", classes: ["a", "b", "c"], values: Int32Array.of(1, 0, 2) },
    decoder: expect.stringMatching(/^sharp \d+\.\d+\.\d+, libvips \d+\.\d+\.\d+$/),
  });
  const { input } = dataset.tensors(all(3));
  expect(input?.shape).toEqual([3, 3, 2, 3]);
  const alone = dataset.tensors(Uint32Array.of(2, 0)).input;
  expect(alone?.data.slice(0, 18)).toEqual(input?.data.slice(36));
  expect(alone?.data.slice(18)).toEqual(input?.data.slice(0, 18));
  // Grey as it is, three times.
  expect(input?.data.slice(18, 24)).toEqual(input?.data.slice(24, 30));
});

test("classes that are all whole numbers are numbers, in their order", async () => {
  const numbers = await read({ "10/a.png": colour, "9/a.png": grey });
  expect(numbers.labels).toMatchObject({ classes: [9, 10], values: Int32Array.of(1, 0) });
  const texts = await read({ "010/a.png": colour, "9/a.png": grey });
  expect(texts.labels).toMatchObject({ classes: ["010", "9"] });
});

test("a table says which images are rows, in which order, and their labels", async () => {
  const files = { "1.png": colour, "x/2.jpg": grey, "x/3.png": bits };
  const csv = await read(files, {}, { labels: "label,who,path\ncat,me,x/3.png\ndog,me,1.png\n" });
  expect(csv).toMatchObject({
    rows: 2,
    labels: { classes: ["cat", "dog"], values: Int32Array.of(0, 1) },
  });
  const lines = '{"path":"x/3.png","label":"cat"}\n{"path":"1.png","label":"dog"}\n';
  const jsonl = await read(files, {}, { labels: lines });
  expect(jsonl.labels).toEqual(csv.labels);
  expect(jsonl.tensors(all(2))).toEqual(csv.tensors(all(2)));
  const numbers = "path,label\n1.png,0.5\nx/2.jpg,-2\n";
  const values = await read(files, {}, { labels: numbers, task: "regression" });
  expect(values.labels).toEqual({ kind: "value", values: Float32Array.of(0.5, -2) });
});

test("what is its own label needs no folder", async () => {
  const dataset = await read({ "1.png": colour, "2.jpg": grey }, {}, { task: "reconstruction" });
  expect(dataset).toMatchObject({ rows: 2, labels: { kind: "none" } });
});

const faulty = {
  "a/1.png": colour,
  "a/cut.png": colour.subarray(0, 500),
  "b/1.jpg": grey,
  "b/page.jpg": Buffer.from("<html>404</html>"),
  "loose.png": colour,
};

test("bad files fail the job, each by name, or are left out and counted", async () => {
  await expect(read(faulty)).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringMatching(
      /^data\.file: 3 of 5 images do not fit: a\/cut\.png: the file is damaged, or its end is missing \(.+\); b\/page\.jpg: found no image, wanted PNG or JPEG; loose\.png: lies in no folder, wanted one that is named after its class$/,
    ),
  });
  const rest = await read(faulty, { onBadRow: "skip" });
  expect(rest).toMatchObject({ rows: 2, skippedRows: 3, labels: { values: Int32Array.of(0, 1) } });
  const sound = await read({ "a/1.png": colour, "b/1.jpg": grey });
  expect(rest.tensors(all(2))).toEqual(sound.tensors(all(2)));
});

test("rows of a table are bad where they name no image, or no label", async () => {
  const labels = "path,label\n1.png,a\n2.png,b\n3.png,\n1.png\n";
  const files = { "1.png": colour, "3.png": bits };
  await expect(read(files, {}, { labels })).rejects.toThrow(
    'data.file: 3 of 4 images do not fit: data.labels row 2 (line 3): found "2.png" as path, wanted an image of data.file; data.labels row 3 (line 4): found "" as label, wanted a class; data.labels row 4 (line 5): found 1 cells, wanted 2 as in the header',
  );
  await expect(read(files, {}, { labels: "file,label\n" })).rejects.toThrow(
    "data.labels: has no column path, wanted path and label",
  );
  await expect(
    read(files, {}, { labels: "path,label\n1.png,one\n", task: "regression" }),
  ).rejects.toThrow('found "one" as label, wanted a number');
});

test("a class of which no image is left is told, and not left out", async () => {
  const files = { ...faulty, "c/1.png": colour.subarray(0, 9) };
  await expect(read(files, { onBadRow: "skip" })).rejects.toThrow(
    'data.file: no image of the class "c" can be read',
  );
});

test("one class, one file that is no folder, too many pixels together are refused", async () => {
  await expect(read({ "a/1.png": colour, "a/2.jpg": grey })).rejects.toThrow(
    "data.labels: found 1 class, wanted at least 2",
  );
  const spec = { file: digestOf(colour) };
  await expect(read({ "a/1.png": colour }, spec)).rejects.toThrow(
    "data.file: is a file, wanted a folder of images",
  );
  await expect(read({ "a/1.png": colour }, { size: [256, 256] })).rejects.toThrow(
    "data.size: found 196608 features, wanted at most 65536",
  );
});
