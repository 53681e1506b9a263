/**
 * From a wanted version to a session: the model is examined, and it is opened.
 *
 * What an examination found is kept on disk by the model's digest, with the graph as onnxruntime rewrote it, so
 * that the next start needs neither. Large models are loaded one after the other, so that a start with many
 * holds the bytes of one; small ones do not wait for them, nor do those that are opened for those that are
 * examined.
 */
import { rm, writeFile } from "node:fs/promises";
import {
  type Engine,
  type Isolation,
  type ModelSource,
  type OpenedSession,
  type SavedGraph,
  threadsPerInstance,
  weightsFile,
} from "@amaas/engine";
import { type DomainError, isDomainError } from "@amaas/errors";
import type { Telemetry } from "@amaas/telemetry";
import type { Background } from "./background/background.ts";
import type { EngineEvents } from "./engine-events.ts";
import { modelTooLarge } from "./errors.ts";
import type { ExaminedModel } from "./examination/examine.process.ts";
import type { Examiner, Verdict } from "./examination/examiner.ts";
import type { GraphCache } from "./examination/graph-cache.ts";
import { instancesOf } from "./model-config/check.ts";
import type { Wanted } from "./model-version.ts";
import { Turns } from "./turns.ts";

/** An ONNX file is one protobuf message, which ends at 2 GiB. */
const mostBytes = 2 ** 31;

/** Up to here a model is small: it shares a thread if it is quick. */
const smallBytes = 2 ** 20;
/**
 * Where memory is scarce, up to here: a thread takes more than the model, and starting one longer than opening
 * a model in one that there is. Opening it holds up those beside it for some milliseconds.
 */
const smallBytesIfScarce = 2 ** 24;
/** A run that takes longer would hold up the others of a shared thread. */
const quickMs = 5;
const smallAtOnce = 4;

/** What an instance takes beside the model. */
const hostBytes: { readonly [I in Isolation]: number } = {
  shared: 0,
  thread: 25 * 2 ** 20,
  process: 80 * 2 ** 20,
};

export interface LoaderParts {
  readonly engine: Engine;
  readonly examiner: Examiner;
  readonly cache: GraphCache;
  readonly background: Background;
  /** That the instances of a version share. */
  readonly cores: number;
  /** Whether memory has a budget, which counts what models take, not what their runs do. */
  readonly memoryIsScarce: boolean;
  readonly events: EngineEvents;
  readonly tracer: Telemetry["tracer"];
}

/** Told once, when an opened version is out of service for good. */
export type OnFailure = (why: DomainError) => void;

export interface Loader {
  /** Before it is opened. @throws what is wrong with it. */
  examine(wanted: Wanted, signal: AbortSignal): Promise<Verdict>;
  /** `urgent`: requests wait for it; otherwise it leaves the processor to models that serve. */
  open(
    wanted: Wanted,
    verdict: Verdict,
    urgent: boolean,
    onFailure: OnFailure,
  ): Promise<OpenedSession>;
  /** What all instances will take, as far as can be told before they are opened. */
  memoryNeeded(wanted: Wanted, verdict: Verdict): number;
}

export function createLoader(parts: LoaderParts): Loader {
  const examined = { small: new Turns(smallAtOnce), large: new Turns(1) };
  const opened = { small: new Turns(smallAtOnce), large: new Turns(1) };
  return {
    examine(wanted, signal) {
      return (wanted.bytes <= smallBytes ? examined.small : examined.large).take(() => {
        signal.throwIfAborted();
        return examine(wanted, parts);
      });
    },
    open(wanted, verdict, urgent, onFailure) {
      const turns = wanted.bytes <= smallEnough(parts) ? opened.small : opened.large;
      return turns.take(() => open(wanted, verdict, urgent, parts, onFailure));
    },
    memoryNeeded(wanted, verdict) {
      const { sharedBytes, instanceBytes } = memoryOf(verdict, isolationOf(wanted, verdict, parts));
      return sharedBytes + instancesOf(wanted.config) * instanceBytes;
    },
  };
}

async function examine(wanted: Wanted, parts: LoaderParts): Promise<Verdict> {
  const { model, bytes } = wanted;
  if (bytes > mostBytes) throw modelTooLarge(model, bytes, mostBytes);
  const verdict = await parts.tracer.span("inference.examine", {}, () => verdictOn(wanted, parts));
  if (verdict.fallback !== undefined) parts.events.rewritingLeftOut(wanted, verdict.fallback);
  return verdict;
}

/** The verdict that is on disk, or a new one. */
async function verdictOn(
  wanted: Wanted,
  { examiner, cache, events }: LoaderParts,
): Promise<Verdict> {
  const key = cache.key(wanted.digest);
  const known = await cache.get(key);
  if (known) {
    events.examined("known");
    return known.verdict;
  }
  const found = wanted.file ?? (await wanted.read());
  const bytes = found instanceof Uint8Array ? found.byteLength : found.bytes;
  // A session that rewrote its graph keeps what it did that with: 40 KB, however small the model is.
  const savedTo = await cache.scratch();
  // Bytes of a large model go to the other process by a file: a message of their size would hold up everything.
  const isLarge = bytes > smallBytes && found instanceof Uint8Array;
  const copy = isLarge ? await cache.scratch() : undefined;
  try {
    const model = copy && found instanceof Uint8Array ? await written(copy, found) : found;
    const saved = savedTo === undefined ? {} : { savedTo };
    const verdict = await examiner.examine({ model, bytes, ...saved });
    events.examined("passed");
    await cache.put(key, verdict, verdict.graph && savedTo);
    return verdict;
  } catch (error) {
    events.examined("refused");
    throw error;
  } finally {
    for (const path of [copy, savedTo]) if (path) await rm(path, { recursive: true, force: true });
  }
}

async function written(path: string, contents: Uint8Array): Promise<ExaminedModel> {
  try {
    await writeFile(path, contents);
    return { path };
  } catch {
    return contents;
  }
}

/** From the graph on disk; from the model itself where there is none, or it turns out to be damaged. */
async function open(
  wanted: Wanted,
  verdict: Verdict,
  urgent: boolean,
  parts: LoaderParts,
  onFailure: OnFailure,
): Promise<OpenedSession> {
  const { engine, cache, background, cores, events } = parts;
  // Only where somebody said how large runs may be: the largest one's memory stays until the session is closed.
  const arena = !parts.memoryIsScarce && (wanted.config?.maxBatchSize ?? 0) > 0;
  const key = cache.key(wanted.digest);
  const instances = instancesOf(wanted.config);
  const isolation = isolationOf(wanted, verdict, parts);
  const threads = isolation === "shared" ? 1 : threadsPerInstance(cores, instances);
  const { optimization, graph: sums } = verdict;
  const openFrom = (model: () => Promise<ModelSource>, made: Verdict) =>
    engine.open({
      name: `${wanted.model}@${wanted.version}`,
      model,
      isolation,
      instances,
      session: { optimization, threads, arena: arena && isolation === "thread" },
      ...memoryOf(made, isolation),
      behind: !urgent,
      onFailure,
      onLoss: (loss) => events.instanceLost(wanted, loss),
    });

  const saved = async () => (await cache.get(key))?.graph;
  const isIntact = async ({ folder }: SavedGraph) =>
    sums !== undefined && (await background.intact(folder, sums, urgent).catch(() => false));
  let graph = sums && (await saved());
  if (graph) {
    // Side by side: what is opened is not run before.
    const intact = isIntact(graph);
    try {
      const session = await openFrom(async () => {
        if (graph) {
          const first = graph;
          graph = undefined;
          return first;
        }
        // An instance is put in place again, with what is there by then.
        const found = await saved();
        return found && (await isIntact(found)) ? found : wanted.read();
      }, verdict);
      if (await intact) return session;
      await session.close();
    } catch (error) {
      if (!isDomainError(error, "data-loss") && !isDomainError(error, "invalid-argument"))
        throw error;
    }
    await cache.drop(key);
  }
  const { graph: _, ...alone } = verdict;
  return openFrom(() => wanted.read(), alone);
}

/** Instances in threads have the weights of a saved graph together. */
function memoryOf({ memoryBytes, graph }: Verdict, isolation: Isolation) {
  const sharedBytes = isolation === "process" ? 0 : (graph?.[weightsFile]?.bytes ?? 0);
  return {
    sharedBytes,
    instanceBytes: Math.max(0, memoryBytes - sharedBytes) + hostBytes[isolation],
  };
}

function isolationOf(
  { bytes }: Wanted,
  { hazards, runMs }: Verdict,
  parts: Pick<LoaderParts, "memoryIsScarce">,
): Isolation {
  if (hazards.length > 0) return "process";
  return bytes <= smallEnough(parts) && runMs <= quickMs ? "shared" : "thread";
}

function smallEnough({ memoryIsScarce }: Pick<LoaderParts, "memoryIsScarce">): number {
  return memoryIsScarce ? smallBytesIfScarce : smallBytes;
}
