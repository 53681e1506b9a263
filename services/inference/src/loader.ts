/**
 * From a wanted version to a session: its bytes are read, and the model is opened.
 *
 * Small models share threads. A large one has threads of its own: opening it holds up no other, closing
 * it gives all of its memory back, and idle threads cost no time.
 * Versions are loaded one after the other, so that a start with many models holds the bytes of one.
 */
import type { Engine, ServingSession } from "@amaas/engine";
import { modelTooLarge } from "./errors.ts";
import type { Wanted } from "./model-version.ts";

/** An ONNX file is one protobuf message, which ends at 2 GiB. */
const mostBytes = 2 ** 31;

/** A larger model has a thread for each instance. */
const mostSharedBytes = 2 ** 20;

export interface LoaderParts {
  readonly engine: Engine;
  /** Instances of each version. */
  readonly threads: number;
}

export function createLoader(
  parts: LoaderParts,
): (wanted: Wanted, signal: AbortSignal) => Promise<ServingSession> {
  let last: Promise<unknown> = Promise.resolve();
  return (wanted, signal) => {
    const opened = last.then(() => {
      signal.throwIfAborted();
      return load(wanted, parts);
    });
    last = opened.catch(() => undefined);
    return opened;
  };
}

async function load(wanted: Wanted, { engine, threads }: LoaderParts) {
  const { model, version, bytes } = wanted;
  if (bytes > mostBytes) throw modelTooLarge(model, bytes, mostBytes);
  return await engine.open({
    name: `${model}@${version}`,
    model: wanted.read,
    isolation: bytes <= mostSharedBytes ? "shared" : "thread",
    instances: threads,
    instanceBytes: bytes,
  });
}
