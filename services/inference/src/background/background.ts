/** Work on whole files, which would hold up everything on the thread that requests arrive at. */
import { startThread, type Thread } from "@amaas/engine";
import { digestOf, type FileLook } from "../sources/folder/file-look.ts";
import type { BackgroundApi } from "./background.thread.ts";
import { areIntact, bytesOf, type FileSums } from "./file-sum.ts";

const file = new URL("./background.thread.ts", import.meta.url);
/** A thread takes some 25 MB, so that it ends when there has been nothing to do for so long. */
const idleMs = 5_000;
/** Up to here the work is done sooner than somebody else is asked to do it. */
const smallBytes = 2 ** 20;

export type Background = Pick<BackgroundThread, "digest" | "intact">;

export class BackgroundThread {
  #thread: Thread<BackgroundApi> | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** sha256:<hex>, if the file is still the one that was looked at. */
  digest(look: FileLook): Promise<string> {
    if (look.bytes <= smallBytes) return digestOf(look);
    return this.#use((thread) => thread.call("digest", look));
  }

  /** Whether the folder's files are what they were. */
  async intact(folder: string, sums: FileSums): Promise<boolean> {
    if (bytesOf(sums) <= smallBytes) return areIntact(folder, sums);
    return this.#use((thread) => thread.call("intact", folder, sums));
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#thread?.close();
  }

  async #use<T>(work: (thread: Thread<BackgroundApi>) => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    if (!this.#thread?.alive)
      this.#thread = startThread<BackgroundApi>(file, { name: "background" });
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
