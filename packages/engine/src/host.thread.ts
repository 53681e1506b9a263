/** The inside of a host, thread or process: sessions by number, and their runs. */
import "./begin-behind.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DomainError, errorMessage } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { giveAway, ownedMemory } from "./give-away.ts";
import { comeForward } from "./priority.ts";
import { graphFile, type SavedGraph } from "./saved-graph.ts";
import { serveThread } from "./serve-thread.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";
import type { Feeds, ValueSpec } from "./signature.ts";

export type ModelSource = Uint8Array | SavedGraph;

export interface HostApi {
  open(session: number, model: ModelSource, options: SessionOptions): SessionSignature;
  /** It was started behind others, and is no longer. */
  promote(): void;
  run(session: number, feeds: Feeds): Record<string, Tensor>;
  release(session: number): void;
}

export interface SessionSignature {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
}

const sessions = new Map<number, Session>();

serveThread<HostApi>({
  promote: comeForward,

  async open(number, model, options) {
    const session = await opened(model, options);
    sessions.set(number, session);
    return { inputs: session.inputs, outputs: session.outputs };
  },

  async run(number, feeds) {
    const session = sessions.get(number);
    if (!session) throw new DomainError("internal", `the thread has no session ${number}`);
    const outputs = await session.run(feeds);
    return giveAway(outputs, ownedMemory(outputs));
  },

  async release(number) {
    await sessions.get(number)?.release();
    sessions.delete(number);
  },
});

async function opened(model: ModelSource, options: SessionOptions): Promise<Session> {
  if (model instanceof Uint8Array) return openSession(model, options).finally(() => free(model));
  const graph = await readFile(join(model.folder, graphFile)).catch((error: unknown) => {
    throw new DomainError("data-loss", `the saved graph is gone: ${errorMessage(error)}`);
  });
  return openSession(graph, { ...options, optimization: "disabled", weightsIn: model.folder });
}

/** At once: as garbage, the bytes of models that come and go would be more than the models. */
function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
