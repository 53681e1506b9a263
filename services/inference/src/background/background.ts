/** Work on whole files, which would hold up everything on the thread that requests arrive at. */
import { startThread, type Thread } from "@amaas/engine";
import { digestOf, type FileLook } from "../sources/folder/file-look.ts";
import type { BackgroundApi, BackgroundData } from "./background.thread.ts";
import { areIntact, bytesOf, type FileSums } from "./file-sum.ts";

const file = new URL("./background.thread.ts", import.meta.url);
/** A thread takes some 25 MB, so that it ends when there has been nothing to do for so long. */
const idleMs = 5_000;
/** Up to here the work is done sooner than somebody else is asked to do it. */
const smallBytes = 2 ** 20;

export type Background = Pick<BackgroundThreads, "digest" | "intact">;

/** Two threads, each while there is something to do: one of low priority, and one for what requests wait for. */
export class BackgroundThreads {
  readonly #patient = new IdleThread({ yields: true });
  readonly #urgent = new IdleThread({ yields: false });

  /** sha256:<hex>, if the file is still the one that was looked at. */
  digest(look: FileLook): Promise<string> {
    if (look.bytes <= smallBytes) return digestOf(look);
    return this.#patient.use((thread) => thread.call("digest", look));
  }

  /** Whether the folder's files are what they were. */
  async intact(folder: string, sums: FileSums, isUrgent = false): Promise<boolean> {
    if (bytesOf(sums) <= smallBytes) return areIntact(folder, sums);
    const thread = isUrgent ? this.#urgent : this.#patient;
    return thread.use((it) => it.call("intact", folder, sums));
  }

  async close(): Promise<void> {
    await Promise.all([this.#patient.close(), this.#urgent.close()]);
  }
}

class IdleThread {
  readonly #data: BackgroundData;
  #thread: Thread<BackgroundApi> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(data: BackgroundData) {
    this.#data = data;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#thread?.close();
  }

  async use<T>(work: (thread: Thread<BackgroundApi>) => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    if (!this.#thread?.alive)
      this.#thread = startThread<BackgroundApi>(file, { name: "background", data: this.#data });
    const thread = this.#thread;
    try {
      return await work(thread);
    } finally {
      if (thread.pending === 0) {
        clearTimeout(this.#idle);
        this.#idle = setTimeout(() => void thread.close(), idleMs).unref();
      }
    }
  }
}
