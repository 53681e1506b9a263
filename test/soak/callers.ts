/** Who calls during a soak: each kind of request, how many callers of it there are, and what a right answer is. */
import { ModelRepositoryParameter } from "@amaas/proto/inference/grpc_service";
import { row } from "../inference/inference-server.ts";
import { scaling, wideScaling } from "../inference/models.ts";
import { type Asked, infer, numbers, raw } from "./requests.ts";
import type { Stage } from "./stage.ts";
import { abandonedStream, restOfRows, stream } from "./ways.ts";

export interface Caller {
  readonly callers: number;
  /** On average, between an answer and the next question. */
  readonly pauseMs: number;
  readonly ask: (stage: Stage) => Promise<void>;
}

export const whole = (below: number) => Math.floor(Math.random() * below);

/** One or more rows of four equal numbers, and what is twice that. */
async function rows(stage: Stage): Promise<void> {
  const asked = raw("scale", 1 + whole(6), whole(1000));
  const began = performance.now();
  const answer = await infer(stage, asked, ["resource-exhausted"]);
  if (!answer) return;
  if (asked.rows === 1) stage.ledger.took(performance.now() - began);
  const [first] = numbers(answer);
  stage.ledger.expect(first === 2 * asked.x, () => `scale: ${asked.x} gave ${first}`);
}

/** What was asked for a moment ago, or identical at the same moment. */
async function cached(stage: Stage): Promise<void> {
  const asked = raw("cached", 1, whole(50));
  const answer = await infer(stage, { ...asked, explain: true }, ["resource-exhausted"]);
  if (!answer) return;
  const [first] = numbers(answer);
  stage.ledger.expect(first === 2 * asked.x, () => `cached: ${asked.x} gave ${first}`);
}

/** Of changing width: what comes together does not fit together. */
async function pictures(stage: Stage): Promise<void> {
  const count = 1 + whole(4);
  const width = 1 + whole(300);
  const answer = await infer(stage, {
    model: "pictures",
    rows: count,
    request: {
      modelName: "pictures",
      inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(count), BigInt(width)] }],
      rawInputContents: [new Uint8Array(new Float32Array(count * width).fill(1).buffer)],
    },
  });
  const sums = answer && numbers(answer);
  stage.ledger.expect(
    sums === undefined || sums.every((sum) => sum === width),
    () => `pictures: ${width} ones gave ${sums}`,
  );
}

async function text(stage: Stage): Promise<void> {
  const words = Array.from({ length: 2 }, () => "ä".repeat(whole(40)));
  await infer(stage, {
    model: "echo",
    rows: 2,
    request: {
      modelName: "echo",
      inputs: [
        {
          name: "text_in",
          datatype: "BYTES",
          shape: [2n, 1n],
          contents: { bytesContents: words.map((word) => new TextEncoder().encode(word)) },
        },
        {
          name: "count_in",
          datatype: "INT64",
          shape: [2n],
          contents: { int64Contents: [1n, -1n] },
        },
        {
          name: "flag_in",
          datatype: "BOOL",
          shape: [2n],
          contents: { boolContents: [true, false] },
        },
      ],
    },
  });
}

/** Half of them fail in the middle of their run, with others in it. */
async function indices(stage: Stage): Promise<void> {
  const index = whole(20);
  const asked: Asked = {
    model: "lookup",
    rows: 1,
    request: {
      modelName: "lookup",
      inputs: [
        {
          name: "index",
          datatype: "INT64",
          shape: [1n],
          contents: { int64Contents: [BigInt(index)] },
        },
      ],
    },
  };
  const answer = await infer(stage, asked, index < 10 ? [] : ["internal"]);
  const [first] = answer ? numbers(answer) : [];
  stage.ledger.expect(!answer || first === index, () => `lookup: ${index} gave ${first}`);
}

/** More patience than it takes, or less, or a caller who leaves. */
async function impatient(stage: Stage): Promise<void> {
  const count = 1 + whole(30);
  const leaving = new AbortController();
  const options = Math.random() < 0.5 ? { deadlineMs: 1 + whole(60) } : { signal: leaving.signal };
  const timer = setTimeout(() => leaving.abort(), whole(40));
  const request = {
    modelName: "slow",
    inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(count), 512n] }],
    rawInputContents: [new Uint8Array(count * 2048)],
  };
  const refusals = ["cancelled", "deadline-exceeded", "resource-exhausted"];
  await infer(stage, { model: "slow", rows: count, request, options }, refusals);
  clearTimeout(timer);
}

async function mistaken(stage: Stage): Promise<void> {
  const right = row("scale", 1);
  const wrong = [
    { ...right, rawInputContents: [new Uint8Array(15)] },
    { ...right, inputs: [{ name: "z", datatype: "FP32", shape: [1n, 4n] }] },
    { ...right, inputs: [{ name: "x", datatype: "FP32", shape: [1n, 5n] }] },
    {
      ...right,
      parameters: { sequence_id: { parameterChoice: { $case: "int64Param" as const, value: 7n } } },
    },
  ];
  const request = wrong[whole(wrong.length)]!;
  await infer(stage, { model: "scale", rows: 1, request }, ["invalid-argument", "unimplemented"]);
  await infer(stage, { ...raw("nobody", 1, 1), model: "nobody" }, ["not-found"]);
}

/** Other contents under the same number, so that what is counted goes on. */
function flip(model: string, make: (factor: number) => Uint8Array) {
  let factor = 2;
  return async ({ client, ledger }: Stage): Promise<void> => {
    factor = 5 - factor;
    try {
      await client.repositoryModelLoad({
        modelName: model,
        parameters: {
          config: ModelRepositoryParameter.create({
            parameterChoice: { $case: "stringParam", value: "{}" },
          }),
          "file:1/model.onnx": ModelRepositoryParameter.create({
            parameterChoice: { $case: "bytesParam", value: make(factor) },
          }),
        },
      });
    } catch (error) {
      ledger.expect(false, () => `${model} could not be loaded: ${String(error)}`);
    }
  };
}

function flipped(model: string) {
  return async (stage: Stage): Promise<void> => {
    const asked = raw(model, 1, 1 + whole(1000));
    const answer = await infer(stage, asked, ["resource-exhausted"]);
    const [first = 0] = answer ? numbers(answer) : [2 * asked.x];
    stage.ledger.expect(
      first === 2 * asked.x || first === 3 * asked.x,
      () => `${model}: ${asked.x} gave ${first}`,
    );
  };
}

async function comeAndGo({ client, ledger }: Stage): Promise<void> {
  try {
    await client.repositoryModelUnload({ modelName: "guest" });
    await client.repositoryModelLoad({ modelName: "guest" });
    await client.repositoryIndex({});
    await client.modelStatistics({});
  } catch (error) {
    ledger.expect(false, () => `guest could not come and go: ${String(error)}`);
  }
}

export const callers: readonly Caller[] = [
  { callers: 6, pauseMs: 24, ask: rows },
  { callers: 3, pauseMs: 24, ask: cached },
  { callers: 2, pauseMs: 30, ask: pictures },
  { callers: 1, pauseMs: 30, ask: text },
  { callers: 2, pauseMs: 30, ask: indices },
  { callers: 3, pauseMs: 60, ask: impatient },
  { callers: 1, pauseMs: 150, ask: mistaken },
  { callers: 2, pauseMs: 30, ask: flipped("flip") },
  { callers: 1, pauseMs: 60, ask: flipped("wide") },
  { callers: 1, pauseMs: 1_000, ask: flip("flip", scaling) },
  { callers: 1, pauseMs: 3_000, ask: flip("wide", wideScaling) },
  { callers: 1, pauseMs: 2_000, ask: comeAndGo },
  { callers: 2, pauseMs: 150, ask: stream },
  { callers: 1, pauseMs: 600, ask: abandonedStream },
  { callers: 2, pauseMs: 60, ask: restOfRows },
];
