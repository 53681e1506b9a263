/**
 * What examinations found and the graphs that onnxruntime rewrote, on disk, so that a restart and a second
 * replica on the machine open a model without examining or rewriting it again.
 *
 * An entry is a folder of `verdict.json` and, where the graph is worth keeping, the graph. It is made aside and put in its
 * place by renaming. What is damaged, half written or not understood is no entry. A disk that is full or gone costs
 * time and nothing else: every trouble is told and none is thrown. Over the limit, what was used longest ago goes.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { numericClass, type SavedGraph } from "@amaas/engine";
import { bytesOf } from "../background/file-sum.ts";
import type { Verdict } from "./examiner.ts";

export interface CacheOptions {
  readonly folder: string;
  readonly mostBytes: number;
  readonly onTrouble: (error: unknown) => void;
}

export interface Entry {
  readonly verdict: Verdict;
  readonly graph: SavedGraph | undefined;
}

/** Changed when entries come to mean something else. */
const format = 3;
const verdictFile = "verdict.json";
/** What has been in the making for longer was left by a process that ended. */
const abandonedMs = 3_600_000;

export class GraphCache {
  readonly #options: CacheOptions;
  /** What was put in since it was last swept. */
  #unsweptBytes = Number.POSITIVE_INFINITY;

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /** For a model's digest, on this processor with this version of onnxruntime. */
  key(digest: string): string {
    const made = [format, digest, numericClass(), cpus()[0]?.model ?? ""];
    return createHash("sha256").update(JSON.stringify(made)).digest("hex");
  }

  async get(key: string): Promise<Entry | undefined> {
    const folder = this.#path(key);
    const verdict = await this.#read(folder);
    if (!verdict) return undefined;
    for (const [name, { bytes }] of Object.entries(verdict.graph ?? {})) {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (found?.size !== bytes) return undefined;
    }
    const now = new Date();
    await utimes(folder, now, now).catch(() => undefined);
    return { verdict, graph: verdict.graph && { folder } };
  }

  /** A place for a file or a folder in the making, on the disk of the cache; undefined where there is none. */
  async scratch(): Promise<string | undefined> {
    try {
      await mkdir(this.#options.folder, { recursive: true });
      return join(this.#options.folder, `${randomUUID()}.tmp`);
    } catch (error) {
      this.#options.onTrouble(error);
      return undefined;
    }
  }

  /** Keeps the verdict, and the graph that was written to the folder `made`. */
  async put(
    key: string,
    verdict: Verdict,
    made = join(this.#options.folder, `${randomUUID()}.tmp`),
  ) {
    try {
      await mkdir(made, { recursive: true });
      const body = JSON.stringify(verdict);
      await writeFile(join(made, verdictFile), `${crc32(body)}\n${body}`);
      // There may be a damaged one.
      await rm(this.#path(key), { recursive: true, force: true });
      await rename(made, this.#path(key));
      await this.#sweepAfter(body.length + bytesOf(verdict.graph ?? {}));
    } catch (error) {
      // Another replica's is as good.
      if (!isThere(error)) this.#options.onTrouble(error);
    } finally {
      await rm(made, { recursive: true, force: true }).catch(this.#options.onTrouble);
    }
  }

  async drop(key: string): Promise<void> {
    await rm(this.#path(key), { recursive: true, force: true }).catch(this.#options.onTrouble);
  }

  async #read(folder: string): Promise<Verdict | undefined> {
    try {
      const text = await readFile(join(folder, verdictFile), "utf8");
      const end = text.indexOf("\n");
      const body = text.slice(end + 1);
      return Number(text.slice(0, end)) === crc32(body) ? JSON.parse(body) : undefined;
    } catch (error) {
      if (!isMissing(error)) this.#options.onTrouble(error);
      return undefined;
    }
  }

  /** Not every time: sweeping looks at every file, and thousands may be put in one after the other. */
  async #sweepAfter(bytes: number): Promise<void> {
    this.#unsweptBytes += bytes;
    if (this.#unsweptBytes <= this.#options.mostBytes / 32) return;
    this.#unsweptBytes = 0;
    await this.#sweep();
  }

  async #sweep(): Promise<void> {
    const { folder, mostBytes } = this.#options;
    const entries = await Promise.all(
      (await readdir(folder)).map(async (name) => {
        const found = await stat(join(folder, name)).catch(() => undefined);
        if (!found) return [];
        return { name, used: found.mtimeMs, bytes: await sizeOf(join(folder, name)) };
      }),
    ).then((all) => all.flat());
    const now = Date.now();
    let bytes = 0;
    for (const { name, used, bytes: taken } of entries.sort((a, b) => b.used - a.used)) {
      bytes += taken;
      const isMaking = name.endsWith(".tmp");
      if (isMaking ? now - used > abandonedMs : bytes > mostBytes)
        await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  #path(key: string): string {
    return join(this.#options.folder, key);
  }
}

/** Of a file, or a folder of files; 0 once it is gone. */
async function sizeOf(path: string): Promise<number> {
  const names = await readdir(path).catch(() => [""]);
  const sizes = names.map(
    async (name) => (await stat(join(path, name)).catch(() => undefined))?.size,
  );
  return (await Promise.all(sizes)).reduce<number>((sum, size = 0) => sum + size, 0);
}

function isThere(error: unknown): boolean {
  return hasCode(error, "ENOTEMPTY") || hasCode(error, "EEXIST");
}

function isMissing(error: unknown): boolean {
  return hasCode(error, "ENOENT");
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
