/** The inside of a host, thread or process: sessions by number, and their runs. */
import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { giveAway, ownedMemory } from "./give-away.ts";
import { serveThread } from "./serve-thread.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";
import type { Feeds, ValueSpec } from "./signature.ts";

/** The bytes of a model, or the file that has them. */
export type ModelSource = Uint8Array | ModelFile;

export interface ModelFile {
  readonly path: string;
  /** What the file must have; damaged, it is not opened. */
  readonly crc32?: number;
}

export interface HostApi {
  open(session: number, model: ModelSource, options: SessionOptions): SessionSignature;
  run(session: number, feeds: Feeds): Record<string, Tensor>;
  release(session: number): void;
}

export interface SessionSignature {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
}

const sessions = new Map<number, Session>();

serveThread<HostApi>({
  async open(number, model, options) {
    const bytes = model instanceof Uint8Array ? model : await readModelFile(model);
    const session = await openSession(bytes, options).finally(() => free(bytes));
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

/** At once: as garbage, the bytes of models that come and go would be more than the models. */
function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

async function readModelFile({ path, crc32: wanted }: ModelFile): Promise<Uint8Array> {
  const bytes = await readFile(path);
  if (wanted !== undefined && crc32(bytes) !== wanted)
    throw new DomainError("data-loss", `${path} is damaged: its checksum is another`);
  return bytes;
}
