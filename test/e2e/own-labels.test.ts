/**
 * Training without labels, all the way through: digits that are drawn again from eight numbers each.
 *
 * The contract holds as it does for labels: the same bits for one worker and for three.
 */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate, languageModel } from "@amaas/cli";
import { decodeNpy } from "@amaas/data";
import { examples } from "@amaas/examples";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inProcess } from "../suite/amaas.ts";
import { phrases } from "./phrases.ts";
import type { Run } from "./run.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 240_000;

let story: Story;
beforeAll(async () => {
  story = await startStory({ trainers: 3, servers: 2 });
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

describe("reconstruction", () => {
  const job = (workers: number) => ({
    name: "digits-again",
    task: "reconstruction",
    data: { format: "arrays", features: "images.npy" },
    architecture: { type: "mlp", hidden: [64, 8, 64] },
    training: { epochs: 1, batchSize: 64, optimizer: { type: "adam", learningRate: 0.003 } },
    resources: { workers, servers: 2 },
    gate: { metric: "mse", max: 0.09 },
  });
  let run: Run;
  beforeAll(async () => {
    run = await story.run(job(1));
  }, timeout);

  test("has the same bits with three workers", { timeout }, async () => {
    expect((await story.run(job(3))).bits).toEqual(run.bits);
  });

  test("gives rows back in their own units, and tells what is like none", { timeout }, async () => {
    const folder = join(story.directory, "again");
    await examples.digits.writeData(folder);
    const images = decodeNpy(await readFile(join(folder, "images.npy")));
    const digits = Float32Array.from(images.data.slice(0, 20 * 784), Number);
    const noise = digits.map((_, at) => (at * 7919) % 256);
    const ask = (rows: Float32Array) =>
      story.client.predict("digits-again", { input: tensor("FP32", [20, 784], rows) });
    const again = await ask(digits);
    expect(again.reconstruction?.shape).toEqual([20, 784]);
    const mean = (values: Iterable<unknown>) => {
      const numbers = Array.from(values, Number);
      return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    };
    const squares = digits.map((value, at) => {
      const error = (value - Number(again.reconstruction?.data[at])) / 255;
      return error * error;
    });
    const errors = mean(again.error?.data ?? []);
    expect(mean(squares)).toBeCloseTo(errors, 5);
    expect(errors).toBeLessThan(0.09);
    expect(mean((await ask(noise)).error?.data ?? [])).toBeGreaterThan(2 * errors);
  });
});

describe("a language model of text", () => {
  const job = (workers: number) => ({
    name: "phrases",
    task: "language-modeling",
    data: { format: "text", file: join(story.directory, "phrases.txt"), context: 24, stride: 12 },
    architecture: { type: "gpt", width: 32, heads: 4, layers: 2 },
    training: { epochs: 6, batchSize: 32, optimizer: { type: "adamw", learningRate: 0.01 } },
    resources: { workers, servers: 2 },
    gate: { metric: "perplexity", max: 3 },
  });
  let run: Run;
  beforeAll(async () => {
    await writeFile(join(story.directory, "phrases.txt"), phrases(1500));
    run = await story.run(job(1));
  }, timeout);

  test("has the same bits with three workers", { timeout }, async () => {
    const again = await story.run(job(3));
    expect(again.bits).toEqual(run.bits);
    await story.client.waitServed("phrases", again.version);
  });

  test("knows how words go on, from prompts of any length", { timeout }, async () => {
    const model = await languageModel(story.client, "phrases");
    const goOn = async (prompt: string, length: number, seed = 0, temperature = 0) => {
      const made: string[] = [];
      for await (const token of generate(story.client, model, {
        prompt,
        length,
        seed,
        temperature,
      }))
        made.push(token);
      return made.join("");
    };
    expect(await goOn("the qu", 3)).toBe("ick");
    expect(await goOn("fi", 3)).toBe("sh ");
    expect(await goOn("a lazy bird sleeps in the sun. the qui", 2)).toBe("ck");
    const drawn = await goOn("a ", 80, 1, 0.8);
    expect(await goOn("a ", 80, 1, 0.8)).toBe(drawn);
    expect(await goOn("a ", 80, 2, 0.8)).not.toBe(drawn);
    const known = new Set(phrases(200).split(/[ .]+/));
    const words = drawn.split(/[ .]+/).slice(1, -1);
    expect(words.filter((word) => known.has(word)).length).toBeGreaterThan(0.7 * words.length);
  });

  test("amaas generate shows the text, or tells it as a document", { timeout }, async () => {
    const { registry, inference } = story.suite.endpoints;
    const command = (...args: string[]) =>
      inProcess(story.directory, [
        ...["generate", "phrases", "--registry", registry, "--inference", inference],
        ...["--prompt", "the qu", "--length", "3", "--temperature", "0", ...args],
      ]);
    expect(await command()).toMatchObject({ code: 0, stdout: "the quick\n" });
    const { stdout } = await command("--output", "json");
    expect(JSON.parse(stdout)).toMatchObject({ model: "phrases", prompt: "the qu", text: "ick" });
    expect(await command("--prompt", "")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the prompt is empty"),
    });
    const other = await command("--temperature", "-1");
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining("from 0 to 100") });
  });

  test("takes prompts of several lengths in one request", { timeout }, async () => {
    const ask = (...prompts: string[]) => {
      const time = Math.max(...prompts.map(({ length }) => length));
      const rows = prompts.flatMap((prompt) => [...prompt.padEnd(time, "\0")]);
      const tokens = rows.map((token) => (token === "\0" ? "" : token));
      return story.client.predict("phrases", {
        tokens: tensor("BYTES", [prompts.length, time], tokens),
      });
    };
    const { label, probabilities } = await ask("the quic", "laz");
    expect(Array.from(label?.data ?? [], String)).toEqual(["k", "y"]);
    const alone = await ask("laz");
    const width = alone.probabilities?.shape[1] ?? 0;
    for (const [id, p] of Array.from(alone.probabilities?.data ?? [], Number).entries())
      expect(Number(probabilities?.data[width + id])).toBeCloseTo(p, 5);
  });
});
