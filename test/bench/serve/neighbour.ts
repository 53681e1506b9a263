/**
 * Whether a model notices that another is loaded: its p99 at a steady rate, at rest and while one new version of the other
 * after the next is examined, loaded, warmed and swapped in.
 */
import { startProcess } from "@amaas/engine";
import { load, percentile } from "./h2load.ts";
import { requestFrame, type ServedModel } from "./models.ts";
import type { NewcomersApi } from "./newcomers.process.ts";
import type { Serving } from "./server.ts";

export interface Neighbour {
  /** That models may keep busy; loads have the others to themselves. */
  readonly cores: number;
  readonly restP99Ms: number;
  readonly loadingP99Ms: number;
  readonly flips: number;
}

export interface Neighbours {
  readonly server: Serving;
  readonly folder: string;
  readonly name: string;
  readonly model: ServedModel;
  readonly cores: number;
  readonly perSecond: number;
  readonly seconds: number;
}

export async function neighbour(options: Neighbours): Promise<Neighbour> {
  const { server, folder, name, model, cores, perSecond, seconds } = options;
  const frame = requestFrame(name, model);
  const rate = Math.max(10, Math.round(perSecond));
  const p99 = async () => {
    const loaded = await load({ ...server, frame, calls: 1000, rate, requests: rate * seconds });
    return percentile(loaded.milliseconds, 0.99);
  };
  // Whoever makes models and has them loaded does so elsewhere, and is not to be measured.
  const newcomers = startProcess<NewcomersApi>(new URL("./newcomers.process.ts", import.meta.url), {
    name: "newcomers",
    heapMiB: 512,
    yields: true,
  });
  try {
    await newcomers.call("begin", server.grpc, folder, name);
    await newcomers.call("flip");
    const restP99Ms = await p99();
    let isOver = false;
    let flips = 0;
    const flipping = (async () => {
      for (; !isOver; flips++) await newcomers.call("flip");
    })();
    const loadingP99Ms = await p99().finally(() => {
      isOver = true;
    });
    await flipping;
    return { cores, restP99Ms, loadingP99Ms, flips };
  } finally {
    await newcomers.close();
  }
}
