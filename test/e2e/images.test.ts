/**
 * Folders of images, end to end: lossless files make the weights that the same pixels make as an array; whoever has a file
 * asks with it; files that are none are told by name.
 */
import { copyFile, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jobStateName } from "@amaas/client";
import { decodeNpy, encodeNpy } from "@amaas/data";
import { examples } from "@amaas/examples";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inProcess } from "../suite/amaas.ts";
import { greyPng } from "./png.ts";
import type { Run } from "./run.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 240_000;
const side = 28;
const pixels = side * side;
const fixtures = join(import.meta.dirname, "../../packages/data/fixtures/images");

let story: Story;
let images: Uint8Array;
let labels: Uint8Array;
const file = (...names: string[]) => join(story.directory, ...names);
const nameOf = (row: number) => `${labels[row]}/${String(row).padStart(4, "0")}.png`;

/** Every 16th of the digits, as an array and as a folder with one for each class. */
beforeAll(async () => {
  story = await startStory({ trainers: 3, servers: 2 });
  await examples.digits.writeData(file("all"));
  const every = async (name: string, width: number) => {
    const { data } = decodeNpy(await readFile(file("all", name)));
    const rows = Array.from({ length: data.length / width / 16 }, (_, row) => row * 16 * width);
    return Uint8Array.from(
      rows.flatMap((from) => Array.from(data.slice(from, from + width), Number)),
    );
  };
  images = await every("images.npy", pixels);
  labels = await every("labels.npy", 1);
  const rows = labels.length;
  await writeFile(file("images.npy"), encodeNpy(tensor("UINT8", [rows, side, side], images)));
  await writeFile(file("labels.npy"), encodeNpy(tensor("UINT8", [rows], labels)));
  for (let digit = 0; digit < 10; digit++)
    await mkdir(file("digits", String(digit)), { recursive: true });
  for (let row = 0; row < rows; row++)
    await writeFile(file("digits", nameOf(row)), greyPng(pictureOf(row), side));
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

const pictureOf = (row: number) => images.subarray(row * pixels, (row + 1) * pixels);
const folder = () => ({ format: "images", file: file("digits"), size: [side, side], channels: 1 });

interface Change {
  readonly workers?: number;
  readonly training?: object;
}

const job = (name: string, data: object, { workers = 1, training }: Change = {}) => ({
  name,
  task: "classification",
  data,
  architecture: { type: "cnn", blocks: [{ filters: 6 }, { filters: 12 }], hidden: [32] },
  training: {
    epochs: 4,
    batchSize: 32,
    optimizer: { type: "adam", learningRate: 0.01 },
    augmentation: { crop: 2, jitter: { brightness: 0.1, contrast: 0.1 } },
    checkpointEverySteps: 10,
    ...training,
  },
  resources: { workers, servers: Math.min(2, workers) },
});

const sameOf = ({ bits: { steps, weightsSha256, lossesSha256, evaluations } }: Run) => ({
  steps,
  weightsSha256,
  lossesSha256,
  evaluations,
});

test("a folder of PNG files makes the weights that the array of its pixels makes, after a kill too", {
  timeout,
}, async () => {
  const data = { format: "arrays", features: file("images.npy"), labels: file("labels.npy") };
  const array = await story.run(job("array", data));
  const act = () => story.suite.kill("trainer-2", "SIGKILL");
  const served = {
    ...job("digits", folder(), { workers: 3 }),
    gate: { metric: "accuracy", min: 0.6 },
  };
  const photos = await story.run(served, { atStep: 20, act });
  expect(photos.job.spec?.data.file).toMatch(/^files:sha256:[0-9a-f]{64}$/);
  expect(sameOf(photos)).toEqual(sameOf(array));
  expect(await story.log(photos.job.id)).toMatch(/images decoded by sharp [\d.]+, libvips [\d.]+/);

  const { inputs, lineage } = await story.client.models.version("digits", photos.version);
  expect(inputs).toMatchObject([{ name: "input", datatype: "FP32", shape: [-1, 1, side, side] }]);
  expect(lineage?.datasetDigest).toMatch(/^sha256:[0-9a-f]{64}$/);

  await story.client.waitServed("digits", photos.version);
  const shown = [3, 300, 600].map((row) => file("digits", nameOf(row)));
  const { registry, inference } = story.suite.endpoints;
  const ask = (...files: string[]) =>
    inProcess(story.directory, [
      ...["predict", "digits", "--registry", registry, "--inference", inference],
      ...["--output", "json", "--image", ...files],
    ]);
  const told = await ask(...shown);
  expect(told.code, told.stderr).toBe(0);
  const { predictions } = JSON.parse(told.stdout);
  const input = tensor(
    "FP32",
    [3, 1, side, side],
    Float32Array.from([3, 300, 600].flatMap((row) => [...pictureOf(row)])),
  );
  const { label, probabilities } = await story.client.predict("digits", { input });
  for (const [row, answer] of predictions.entries()) {
    expect(answer.label).toBe(Number(label?.data[row]));
    const wanted = Array.from(probabilities!.data.slice(10 * row, 10 * row + 10), Number);
    expect(answer.probabilities).toEqual(wanted);
  }
  expect(await ask(file("images.npy"))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("images.npy: found no image, wanted PNG or JPEG"),
  });
});

test("a table of labels beside the folder makes the same weights, of the images that it names", {
  timeout,
}, async () => {
  const rows = Array.from(labels, (label, row) => ({ path: nameOf(row), label }));
  const lines = rows.map(({ path, label }) => `${label},${path}`);
  await writeFile(file("labels.csv"), ["label,path", ...lines].join("\n"));
  const once = (name: string, data: object) =>
    story.run(job(name, data, { training: { epochs: 1 } }));
  const folders = await once("by-folder", folder());
  const tabled = await once("by-table", { ...folder(), labels: file("labels.csv") });
  expect(sameOf(tabled)).toEqual(sameOf(folders));
});

test("files that are no images fail their job by name, or are skipped and counted", {
  timeout,
}, async () => {
  await cp(file("digits"), file("mixed"), { recursive: true });
  await copyFile(join(fixtures, "progressive.jpg"), file("mixed/3/photo.jpg"));
  await copyFile(join(fixtures, "opacity.png"), file("mixed/4/drawing.PNG"));
  const whole = await readFile(join(fixtures, "colour.jpg"));
  await writeFile(file("mixed/0/cut.jpg"), whole.subarray(0, 700));
  await writeFile(file("mixed/7/page.png"), "<html>not found</html>");
  const data = { ...folder(), file: file("mixed"), fit: "contain" };
  const { id } = await story.client.jobs.submit(job("mixed", data));
  const failed = await story.follow(id);
  expect(jobStateName(failed.job.state)).toBe("failed");
  expect(failed.job.reason).toMatch(
    /data\.file: 2 of 629 images do not fit: 0\/cut\.jpg: the file is damaged, or its end is missing \(.*\); 7\/page\.png: found no image, wanted PNG or JPEG/,
  );
  const skipping = job("mixed", { ...data, onBadRow: "skip" }, { training: { epochs: 1 } });
  const { job: done } = await story.run(skipping);
  expect(await story.log(done.id)).toContain("2 rows skipped");
});

test("amaas data shows the classes of a folder without a service; an empty class is told", async () => {
  const spec = job("digits", { ...folder(), file: "digits" });
  await writeFile(file("digits.yaml"), JSON.stringify(spec));
  const shown = await inProcess(story.directory, ["data", "digits.yaml"]);
  expect(shown.code, shown.stderr).toBe(0);
  expect(shown.stdout).toMatch(/^rows +625$/m);
  expect(shown.stdout).toMatch(/^classes +1 \d+ \(/m);
  await mkdir(file("digits/10"));
  expect(await inProcess(story.directory, ["data", "digits.yaml"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("digits has folders without an image: 10"),
  });
});
