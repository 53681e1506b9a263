/**
 * Language models that begin from an ONNX file: a GPT of PyTorch's, one of Hugging Face with a mask and positions, and one
 * that the suite itself has made. They learn a text, the same for any number of workers, and are served and asked to go on
 * as a built-in GPT is; files that are of no use are refused in words.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate, languageModel } from "@amaas/cli";
import { jobStateName } from "@amaas/client";
import { encodeNpy, readDataset, splitRows } from "@amaas/data";
import { graphBuilder, readModel, writeModel } from "@amaas/graph";
import { parseJobSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { header, languageFile } from "../networks/language-files.ts";
import { phrases } from "./phrases.ts";
import type { Run } from "./run.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 240_000;
const { context, tokens } = header;

let story: Story;
const file = (name: string) => join(story.directory, name);

beforeAll(async () => {
  story = await startStory({ trainers: 2, servers: 2 });
  await writeFile(file("written.onnx"), languageFile("written"));
  await writeFile(file("hugging-face.onnx"), languageFile("huggingFace"));
  await writeFile(file("phrases.txt"), `${phrases(300)}.`);
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

interface Change {
  readonly data?: object;
  readonly architecture?: object;
  readonly training?: object;
  readonly workers?: number;
  readonly gate?: object;
}

function jobOf(name: string, { data, architecture, training, workers = 1, gate }: Change): object {
  return {
    name,
    task: "language-modeling",
    data: { format: "text", file: file("phrases.txt"), context, stride: context, ...data },
    architecture: { type: "onnx", file: file("written.onnx"), ...architecture },
    training: {
      epochs: 3,
      batchSize: 32,
      optimizer: { type: "adam", learningRate: 0.01 },
      checkpointEverySteps: 20,
      ...training,
    },
    resources: { workers, servers: workers },
    ...(gate && { gate }),
  };
}

interface Told {
  readonly split: string;
  readonly metrics: { readonly perplexity: number };
}

function perplexities({ bits }: Run, split: string): readonly number[] {
  const all: Told[] = JSON.parse(bits.evaluations);
  return all.filter((one) => one.split === split).map(({ metrics }) => metrics.perplexity);
}

async function initializersOf({ bits }: Run) {
  await story.client.blobs.download(bits.digest, file("made.onnx"));
  return readModel(await readFile(file("made.onnx"))).graph.initializers;
}

async function goOn(name: string, prompt: string, length: number): Promise<string> {
  const model = await languageModel(story.client, name);
  const made: string[] = [];
  const how = { prompt, length, seed: 0, temperature: 0 };
  for await (const token of generate(story.client, model, how)) made.push(token);
  return made.join("");
}

describe("a file of PyTorch's", () => {
  const freeze = ["token.weight", "blocks.0.*"];
  const job = (workers: number) =>
    jobOf("tuned", {
      data: { ids: tokens },
      training: { freeze },
      workers,
      gate: { metric: "perplexity", max: 4 },
    });
  let alone: Run;
  beforeAll(async () => {
    alone = await story.run(job(1));
  }, timeout);

  test("becomes better at the text", () => {
    const [first = 0, ...others] = perplexities(alone, "validation");
    expect(others.at(-1)).toBeLessThan(0.95 * first);
    expect(perplexities(alone, "test")[0]).toBeLessThan(4);
  });

  test("keeps the bits of what is frozen", { timeout }, async () => {
    const made = await initializersOf(alone);
    const began = readModel(languageFile("written")).graph.initializers;
    const kept = [...began.keys()].filter((name) => /^token\.|^blocks\.0\./.test(name));
    expect(kept).toHaveLength(10);
    for (const name of kept) expect(made.get(name), name).toEqual(began.get(name));
    expect(made.get("blocks.1.qkv.bias")).not.toEqual(began.get("blocks.1.qkv.bias"));
  });

  test("is served with its tokens: what it says of the text is what was measured", {
    timeout,
  }, async () => {
    await story.client.waitServed("tuned", alone.version);
    const { data, task, split } = parseJobSpec(job(1));
    const bytes = await readFile(file("phrases.txt"));
    const dataset = await readDataset(data, task, async () => bytes);
    const { labels, keys } = dataset;
    const rows = splitRows({ rows: dataset.rows, split, labels, ...keys }).test;
    const texts = Array.from(dataset.tensors(rows).tokens?.data ?? [], String);
    const width = context + 1;
    let loss = 0;
    for (let place = 1; place < width; place++) {
      const prompts = texts.filter((_, at) => at % width < place);
      const { probabilities } = await story.client.predict("tuned", {
        tokens: tensor("BYTES", [rows.length, place], prompts),
      });
      const [, count = 0] = probabilities?.shape ?? [];
      expect(count).toBe(tokens.length + 2);
      for (let row = 0; row < rows.length; row++) {
        const next = 2 + tokens.indexOf(texts[row * width + place]!);
        loss -= Math.log(Number(probabilities?.data[row * count + next]));
      }
    }
    const perplexity = Math.exp(loss / (rows.length * context));
    expect(perplexity / perplexities(alone, "test")[0]!).toBeCloseTo(1, 4);
  });

  test("goes on with a text from a prompt of any length", { timeout }, async () => {
    expect(await goOn("tuned", "the quic", 2)).toBe("k ");
    expect(await goOn("tuned", "sleeps in the sun. the lazy bird sleeps at nig", 2)).toBe("ht");
  });

  test("has the same bits with two workers, one of which is killed", { timeout }, async () => {
    const act = () => story.suite.kill("trainer-2", "SIGKILL");
    const together = await story.run(job(2), { atStep: 15, act });
    expect(together.bits).toEqual(alone.bits);
  });
});

test("arrays of its ids are learnt and asked about, of which none is taken for padding", {
  timeout,
}, async () => {
  // A space is 0 in the file, and 1 here.
  const idOf = (token: string) => tokens.indexOf(token) + 1;
  const ids = Array.from(await readFile(file("phrases.txt"), "utf8"), idOf);
  const width = context + 1;
  const rows = Math.floor(ids.length / width);
  const array = tensor("INT32", [rows, width], Int32Array.from(ids.slice(0, rows * width)));
  await writeFile(file("ids.npy"), encodeNpy(array));
  const vocabulary = tokens.length + 1;
  const data = { format: "arrays", features: file("ids.npy"), vocabulary, idsFrom: 1 };
  const gate = { metric: "perplexity", max: 4 };
  const { data: _, ...job } = { data: {}, ...jobOf("of-ids", { gate }) };
  const run = await story.run({ ...job, data });
  const [first = 0, ...others] = perplexities(run, "validation");
  expect(others.at(-1)).toBeLessThan(first);
  await story.client.waitServed("of-ids", run.version);
  const prompt = Float32Array.from("the lazy bird sleeps at nig", idOf);
  const input = tensor("FP32", [1, prompt.length], prompt);
  const { label, probabilities } = await story.client.predict("of-ids", { input });
  expect(Number(label?.data[0])).toBe(idOf("h"));
  expect(probabilities?.shape).toEqual([1, vocabulary]);
  expect(probabilities?.data[0]).toBe(0);
});

test("one of Hugging Face learns a text anew, with a mask and positions that follow from tokens", {
  timeout,
}, async () => {
  const architecture = { file: file("hugging-face.onnx"), initial: "fresh" };
  const training = { epochs: 6 };
  const change = { data: { vocabulary: tokens.length }, architecture, training };
  const run = await story.run(jobOf("anew", { ...change, gate: { metric: "perplexity", max: 8 } }));
  const [first = 0, ...others] = perplexities(run, "validation");
  expect(others.at(-1)).toBeLessThan(0.8 * first);
  await story.client.waitServed("anew", run.version);
  expect(await goOn("anew", "nigh", 1)).toBe("t");
});

describe("one that the suite has made", () => {
  let first: Run;
  beforeAll(async () => {
    const architecture = { type: "gpt", width: 32, heads: 4, layers: 1 };
    const { file: _, ...job } = { file: "", ...jobOf("own", {}) };
    first = await story.run({ ...job, architecture, register: true });
    await story.client.blobs.download(first.bits.digest, file("own.onnx"));
    // Other tokens are the most frequent here, and one is not known.
    await writeFile(file("more.txt"), `${"zzzq ".repeat(40)}${phrases(300)}é.`);
  }, timeout);

  test("goes on from what it knew, its ids standing for what they stood for", {
    timeout,
  }, async () => {
    const gate = { metric: "perplexity", max: 4 };
    const change = { data: { file: file("more.txt") }, gate };
    const architecture = { file: file("own.onnx") };
    const run = await story.run(jobOf("own-again", { ...change, architecture }));
    expect(run.losses[0]).toBeLessThan(0.7 * first.losses[0]!);
    const [before = 0, ...others] = perplexities(run, "validation");
    expect(others.at(-1)).toBeLessThan(before);
    const version = (name: string, which: number) => story.client.models.version(name, which);
    const { classes } = await version("own-again", run.version);
    expect(classes).toEqual((await version("own", first.version)).classes);
    const made = await initializersOf(run);
    expect([...made.keys()]).toEqual(expect.arrayContaining(["token/embedding", "norm/scale"]));
    await story.client.waitServed("own-again", run.version);
    expect(await goOn("own-again", "the qui", 2)).toBe("ck");
  });
});

/** Each place is told the mean of all places. */
function seesAll(): Uint8Array {
  const g = graphBuilder("all");
  const ids = g.input("ids", "INT64", ["batch", "time"]);
  const floats = (length: number) => Float32Array.from({ length }, (_, at) => Math.sin(at));
  const table = g.initializer("table", tensor("FP32", [40, 8], floats(320)));
  const rows = g.gather(table, ids);
  const mixed = g.add(rows, g.reduceMean(rows, [1]));
  const out = g.initializer("out", tensor("FP32", [8, 40], floats(320)));
  g.output("logits", g.matMul(mixed, out));
  return writeModel(g.model());
}

test.for([
  ["a network that sees what it should tell", "wanted a causal network", {}],
  ["another length", 'input "input_ids" of the file takes rows of the shape [16]', { context: 12 }],
  ["a token that the file has no id for", 'data.ids: does not list "t"', { ids: [..."abc "] }],
  ["too few ids", 'input "idx" of the file has ids up to 23, found 26 different ones', {}],
] as const)("%s: the job fails and says why", { timeout }, async ([name, says, data]) => {
  await writeFile(file("all.onnx"), seesAll());
  const files: Record<string, string> = {
    "a network that sees what it should tell": "all.onnx",
    "another length": "hugging-face.onnx",
  };
  const architecture = { file: file(files[name] ?? "written.onnx") };
  const { id } = await story.submit(jobOf("faulty", { architecture, data }));
  const { job } = await story.follow(id);
  expect(jobStateName(job.state)).toBe("failed");
  expect(job.reason).toContain(says);
});
