/** Work on whole files, which would hold up everything on the thread that requests arrive at. */
import { startThread, type Thread } from "@amaas/engine";
import type { BackgroundApi } from "./background.thread.ts";

const file = new URL("./background.thread.ts", import.meta.url);
/** A thread takes some 25 MB, so that it ends when there has been nothing to do for so long. */
const idleMs = 5_000;

export type Background = Pick<BackgroundThread, keyof BackgroundApi>;

export class BackgroundThread {
  #thread: Thread<BackgroundApi> | undefined;
  #idle: NodeJS.Timeout | undefined;

  digest(...args: Parameters<BackgroundApi["digest"]>): Promise<string> {
    return this.#use((thread) => thread.call("digest", ...args));
  }

  intact(...args: Parameters<BackgroundApi["intact"]>): Promise<boolean> {
    return this.#use((thread) => thread.call("intact", ...args));
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
