/**
 * Samples per second of one model when there is always more to do than can be done: of a bare onnxruntime loop, of the
 * server with and without batching, and of other servers.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { load } from "./h2load.ts";
import { type ModelName, requestFrame, type ServedModel } from "./models.ts";
import type { Rival } from "./rivals/rival.ts";
import type { Serving } from "./server.ts";

const run = promisify(execFile);
const bareLoop = join(import.meta.dirname, "bare-loop.ts");

/** A size of batch in a loop. */
export interface Bare {
  readonly batch: number;
  readonly samplesPerSecond: number;
  readonly cpuMicroseconds: number;
}

export interface Saturation {
  readonly bare: readonly Bare[];
  /** Of the loop's sizes the best. */
  readonly bareBest: number;
  readonly alone: number;
  readonly batched: number;
  readonly rivals: Readonly<Record<string, number>>;
}

export interface Contest {
  readonly name: ModelName;
  readonly model: ServedModel;
  readonly file: string;
  readonly server: Serving;
  readonly rivals: readonly Rival[];
  readonly threads: number;
  /** For each contender. */
  readonly seconds: number;
}

export async function bare(
  { model, file, threads }: Pick<Contest, "model" | "file" | "threads">,
  batches: readonly number[],
  seconds: number,
): Promise<Bare[]> {
  const args = [bareLoop, file, model.features, seconds, batches.join(","), threads];
  const { stdout } = await run(process.execPath, args.map(String));
  return JSON.parse(stdout) as Bare[];
}

/** All contenders once; the server's two forms of one model differ in their configuration only. */
export async function saturation(contest: Contest): Promise<Saturation> {
  const { name, model, server, rivals, seconds } = contest;
  const batches = [1, 2, 4, 8, 16, 32, 64].filter((batch) => batch <= model.maxBatch);
  const saturate = async (grpc: string, served: string) => {
    const frame = requestFrame(served, model);
    const calls = 2 * model.maxBatch;
    await load({ grpc, frame, calls, connections: 2, requests: 4 * calls });
    return (await load({ grpc, frame, calls, connections: 2, seconds })).perSecond;
  };
  const loops = await bare(contest, batches, seconds / 2);
  const alone = await saturate(server.grpc, `${name}-alone`);
  const batched = await saturate(server.grpc, name);
  const others: [string, number][] = [];
  for (const rival of rivals) others.push([rival.name, await saturate(rival.grpc, name)]);
  return {
    bare: loops,
    bareBest: Math.max(...loops.map(({ samplesPerSecond }) => samplesPerSecond)),
    alone,
    batched,
    rivals: Object.fromEntries(others),
  };
}
