/**
 * h2load, nghttp2's load generator in C, with gRPC frames that were made before: it takes a tenth of the CPU time that a
 * gRPC client would, and keeps as many calls going as it is told to.
 */
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const service = "inference.GRPCInferenceService";

export interface Load {
  /** host:port */
  readonly grpc: string;
  readonly frame: Buffer;
  readonly method?: string;
  readonly connections?: number;
  /** Calls at a time, of each connection. */
  readonly calls: number;
  /** So many, or for so long; of both the number. */
  readonly requests?: number;
  readonly seconds?: number;
  /** Of each connection and second; otherwise as many as it answers. */
  readonly rate?: number;
}

export interface Loaded {
  readonly perSecond: number;
  readonly requests: number;
  /** In the order of their ends. */
  readonly milliseconds: readonly number[];
}

let count = 0;

/** An error comes as trailers and has no message. */
const leastBytes = 10;

/** Rejects where a request has not been answered, or with errors. */
export async function load(options: Load): Promise<Loaded> {
  const { grpc, frame, method = "ModelInfer", connections = 1, calls, requests, rate } = options;
  const file = (name: string) => join(tmpdir(), `amaas-bench-${process.pid}-${count}-${name}`);
  count += 1;
  const [data, log] = [file("data"), file("log")];
  await writeFile(data, frame);
  const amount =
    requests === undefined ? ["-D", String(options.seconds ?? 5)] : ["-n", String(requests)];
  const { stdout } = await run("h2load", [
    ...amount,
    ...(rate === undefined ? [] : [`--rps=${rate}`]),
    ...["-c", String(connections), "-m", String(calls), "-d", data, `--log-file=${log}`],
    ...["-H", "content-type: application/grpc", "-H", "te: trailers"],
    `http://${grpc}/${service}/${method}`,
  ]);
  const [, perSecond] = /([\d.]+) req\/s/.exec(stdout) ?? [];
  const [, done, succeeded] = /(\d+) done, (\d+) succeeded/.exec(stdout) ?? [];
  const [, bytes] = /\((\d+)\) data$/m.exec(stdout) ?? [];
  const isAnswered = Number(bytes) >= leastBytes * Number(done);
  if (perSecond === undefined || Number(done) === 0 || done !== succeeded || !isAnswered)
    throw new Error(`h2load was not answered:\n${stdout}`);
  const lines = (await readFile(log, "utf8")).trim().split("\n");
  await Promise.all([data, log].map((path) => rm(path)));
  return {
    perSecond: Number(perSecond),
    requests: Number(done),
    milliseconds: lines.map((line) => Number(line.split("\t")[2]) / 1000),
  };
}

/** The least value that a share of them does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
