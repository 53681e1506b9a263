/**
 * Whether a model notices that another is loaded: its p99 at a steady rate, at rest and while one new version of the other
 * after the next is examined, loaded, warmed and swapped in.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { load, percentile } from "./h2load.ts";
import { requestFrame, type ServedModel } from "./models.ts";
import type { Serving } from "./server.ts";

export interface Neighbour {
  readonly restP99Ms: number;
  readonly loadingP99Ms: number;
  readonly flips: number;
}

export interface Neighbours {
  readonly server: Serving;
  readonly folder: string;
  readonly name: string;
  readonly model: ServedModel;
  readonly perSecond: number;
  readonly seconds: number;
}

const other = "neighbour";

export async function neighbour(options: Neighbours): Promise<Neighbour> {
  const { server, folder, name, model, perSecond, seconds } = options;
  const frame = requestFrame(name, model);
  const rate = Math.max(10, Math.round(perSecond));
  const p99 = async () => {
    const loaded = await load({ ...server, frame, calls: 1000, rate, requests: rate * seconds });
    return percentile(loaded.milliseconds, 0.99);
  };
  const client = createClient(GRPCInferenceServiceDefinition, server.grpc, {
    telemetry: nullTelemetry(),
  });
  let version = 0;
  const flip = async () => {
    version += 1;
    await put(folder, version, model.onnx);
    await client.repositoryModelLoad({ modelName: other }, { deadlineMs: 120_000 });
    await rm(join(folder, other, String(version - 1)), { recursive: true, force: true });
  };
  try {
    await flip();
    const restP99Ms = await p99();
    let isOver = false;
    const before = version;
    const flipping = (async () => {
      while (!isOver) await flip();
    })();
    const loadingP99Ms = await p99().finally(() => {
      isOver = true;
    });
    await flipping;
    return { restP99Ms, loadingP99Ms, flips: version - before };
  } finally {
    client.close();
  }
}

/** A version unlike all others: fields of a message may stand in any order, and this is its doc_string. */
async function put(folder: string, version: number, onnx: Uint8Array): Promise<void> {
  const text = Buffer.from(`version ${version}`);
  const path = join(folder, other, String(version));
  await mkdir(path, { recursive: true });
  await writeFile(
    join(path, "model.onnx"),
    Buffer.concat([onnx, Buffer.of(0x32, text.length), text]),
  );
}
