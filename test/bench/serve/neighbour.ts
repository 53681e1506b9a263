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
  /** Of each kind, in windows that take turns. */
  readonly seconds: number;
}

const windows = 4;

export async function neighbour(options: Neighbours): Promise<Neighbour> {
  const { server, folder, name, model, cores, perSecond, seconds } = options;
  const frame = requestFrame(name, model);
  const rate = Math.max(10, Math.round(perSecond));
  const requests = Math.round((rate * seconds) / windows);
  const times = async () => {
    const { milliseconds } = await load({ ...server, frame, calls: 1000, rate, requests });
    return milliseconds;
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
    const [rest, loading]: [number[], number[]] = [[], []];
    let flips = 0;
    for (let window = 0; window < windows; window++) {
      rest.push(...(await times()));
      let isOver = false;
      const flipping = (async () => {
        for (; !isOver; flips++) await newcomers.call("flip");
      })();
      const found = await times().finally(() => {
        isOver = true;
      });
      loading.push(...found);
      await flipping;
    }
    const restP99Ms = percentile(rest, 0.99);
    return { cores, restP99Ms, loadingP99Ms: percentile(loading, 0.99), flips };
  } finally {
    await newcomers.close();
  }
}
