/**
 * A model ready to run on the calling thread.
 *
 * Opening and running block the thread they are called on, whatever the promises say, so they
 * belong in threads of their own (`startThread`, `createEngine`). One session gives the same bits
 * for the same inputs every time: one intra-op thread, operators one after the other. A model is
 * its bytes and nothing else; whatever it says, it reads no file, unless it is a graph that was saved here.
 */
import "./no-telemetry.ts";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DomainError, errorMessage } from "@amaas/errors";
import { onnxTypeName, type Tensor } from "@amaas/tensor";
import { InferenceSession } from "onnxruntime-node";
import { graphFile, weightsFile } from "./saved-graph.ts";
import {
  checkFeeds,
  checkFetches,
  type Feeds,
  isNames,
  refuse,
  unequalDimensions,
  type ValueSpec,
  valueSpecs,
} from "./signature.ts";
import { fromOrt, toOrt } from "./values.ts";

export interface SessionOptions {
  /**
   * How far onnxruntime rewrites the graph. Up to `basic` the arithmetic is that of the graph;
   * fusions beyond it change bits between CPU classes.
   */
  readonly optimization?: "disabled" | "basic" | "extended" | "all";
  /** Threads inside an operator. More than one changes bits. */
  readonly threads?: number;
  /**
   * Keep the memory of the largest run so far for the next one, until the session is released.
   * Without, each run takes what it needs from malloc, tensor by tensor, and gives it back.
   */
  readonly arena?: boolean;
  /** A folder that the rewritten graph is written to, from which it opens without being rewritten again. */
  readonly savedTo?: string;
  /** The folder of a saved graph, if the model is one. */
  readonly weightsIn?: string;
}

/** All outputs, those named, or those given a place, which are then written in place. */
export type Fetches = readonly string[] | Readonly<Record<string, Tensor>>;

export interface Session {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  run(feeds: Feeds, fetches?: Fetches): Promise<Record<string, Tensor>>;
  /** Frees the model's memory once runs under way have ended. */
  release(): Promise<void>;
}

export async function openSession(
  model: Uint8Array,
  options: SessionOptions = {},
): Promise<Session> {
  const session = await load(model, options);
  try {
    const inputs = valueSpecs("input", session.inputMetadata);
    const outputs = valueSpecs("output", session.outputMetadata);
    return new OrtSession(session, inputs, outputs);
  } catch (error) {
    await session.release();
    throw error;
  }
}

class OrtSession implements Session {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  readonly #session: InferenceSession;
  readonly #running = new Set<Promise<unknown>>();
  #released: Promise<void> | undefined;

  constructor(
    session: InferenceSession,
    inputs: readonly ValueSpec[],
    outputs: readonly ValueSpec[],
  ) {
    this.#session = session;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  async run(feeds: Feeds, fetches?: Fetches): Promise<Record<string, Tensor>> {
    if (this.#released) throw new DomainError("failed-precondition", "the session is released");
    checkFeeds(this.inputs, feeds);
    if (fetches !== undefined) checkFetches(this.outputs, fetches);
    const results = await this.#track(this.#execute(feeds, fetches));
    // Outputs with a place are in it by now; what onnxruntime returns for them is one more copy.
    if (fetches !== undefined && !isNames(fetches)) return { ...fetches };
    return mapValues(results, fromOrt);
  }

  release(): Promise<void> {
    this.#released ??= Promise.allSettled(this.#running).then(() => this.#session.release());
    return this.#released;
  }

  async #execute(feeds: Feeds, fetches?: Fetches): Promise<InferenceSession.OnnxValueMapType> {
    const given = mapValues(feeds, toOrt);
    try {
      if (fetches === undefined) return await this.#session.run(given);
      if (isNames(fetches)) return await this.#session.run(given, fetches);
      return await this.#session.run(given, mapValues(fetches, toOrt));
    } catch (error) {
      refuse("input", unequalDimensions(this.inputs, feeds));
      throw failure("cannot run the model", error, "internal");
    }
  }

  async #track<T>(run: Promise<T>): Promise<T> {
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }
}

async function load(model: Uint8Array, options: SessionOptions): Promise<InferenceSession> {
  // onnxruntime does not load from shared memory.
  const bytes = model.buffer instanceof ArrayBuffer ? model : Uint8Array.from(model);
  try {
    return await InferenceSession.create(bytes, sessionOptions(options));
  } catch (error) {
    throw notCarried(error) ?? failure("cannot open the model", error, "invalid-argument");
  }
}

/** onnxruntime-node tells but the number of a type that it cannot describe, and not whose it is. */
function notCarried(error: unknown): DomainError | undefined {
  const [, number] = /^Unsupported data type: (\d+)$/.exec(errorMessage(error).trim()) ?? [];
  if (number === undefined) return undefined;
  return new DomainError(
    "invalid-argument",
    `cannot open the model: an input or output is of type ${onnxTypeName(Number(number))}, which onnxruntime-node does not carry; ` +
      "wanted a type that it does, such as FP32 or FP16, with a Cast in the model",
    { cause: error },
  );
}

/** A folder that cannot exist, since its name is a file's: external data is not found there. */
const nowhere = fileURLToPath(import.meta.url);

const weightsApart = {
  "session.optimized_model_external_initializers_file_name": weightsFile,
  "session.optimized_model_external_initializers_min_size_in_bytes": "1024",
};

function sessionOptions({
  optimization = "basic",
  threads = 1,
  arena = true,
  savedTo,
  weightsIn = nowhere,
}: SessionOptions) {
  return {
    ...(savedTo === undefined ? {} : { optimizedModelFilePath: join(savedTo, graphFile) }),
    executionProviders: ["cpu"],
    executionMode: "sequential",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: optimization,
    enableCpuMemArena: arena,
    // The plan puts all that a run needs into one block. Without an arena that is the system's every time, zeroed
    // page by page, where blocks of the tensors' own sizes are kept by malloc for the next run.
    enableMemPattern: arena,
    // Everything logged at this level is thrown as well.
    logSeverityLevel: 4,
    extra: {
      "session.intra_op.allow_spinning": "0",
      "session.model_external_initializers_file_folder_path": weightsIn,
      ...(savedTo === undefined ? {} : weightsApart),
    },
  } as const satisfies InferenceSession.SessionOptions;
}

function failure(what: string, error: unknown, code: "internal" | "invalid-argument"): DomainError {
  const reason = errorMessage(error).trim().slice(0, 2000);
  const outOfMemory = /bad_alloc|failed to allocate/i.test(reason);
  return new DomainError(outOfMemory ? "resource-exhausted" : code, `${what}: ${reason}`, {
    cause: error,
  });
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
