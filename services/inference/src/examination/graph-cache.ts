/**
 * What examinations found and the graphs that onnxruntime rewrote, on disk, so that a restart and a second
 * replica on the machine open a model without examining or rewriting it again.
 *
 * An entry is `KEY.json`, written last and by renaming, beside `KEY.onnx` where the graph is worth keeping. What is damaged, half
 * written or not understood is no entry. A disk that is full or gone costs time and nothing else: every
 * trouble is told and none is thrown. Over the limit, what was used longest ago goes.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type ModelFile, numericClass } from "@amaas/engine";
import type { Verdict } from "./examiner.ts";

export interface CacheOptions {
  readonly folder: string;
  readonly mostBytes: number;
  readonly onTrouble: (error: unknown) => void;
}

export interface Entry {
  readonly verdict: Verdict;
  readonly graph: ModelFile | undefined;
}

/** Changed when entries come to mean something else. */
const format = 2;
/** Files in the making that are older are left over from a process that ended. */
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
    const verdict = await this.#read(key);
    if (!verdict) return undefined;
    const path = this.#path(key, "onnx");
    const found = verdict.graph && (await stat(path).catch(() => undefined));
    if (found?.size !== verdict.graph?.bytes) return undefined;
    await this.#touch(key);
    if (!verdict.graph) return { verdict, graph: undefined };
    return { verdict, graph: { path, crc32: verdict.graph.crc32 } };
  }

  /** A place for a file in the making, on the disk of the cache; undefined where there is none. */
  async scratch(): Promise<string | undefined> {
    try {
      await mkdir(this.#options.folder, { recursive: true });
      return join(this.#options.folder, `${randomUUID()}.tmp`);
    } catch (error) {
      this.#options.onTrouble(error);
      return undefined;
    }
  }

  /** Keeps the verdict, and the graph that was written at `scratch`. */
  async put(key: string, verdict: Verdict, scratch: string | undefined): Promise<void> {
    try {
      await mkdir(this.#options.folder, { recursive: true });
      if (verdict.graph && scratch) await rename(scratch, this.#path(key, "onnx"));
      const body = JSON.stringify(verdict);
      const made = join(this.#options.folder, `${randomUUID()}.tmp`);
      try {
        await writeFile(made, `${crc32(body)}\n${body}`);
        await rename(made, this.#path(key, "json"));
      } finally {
        await rm(made, { force: true });
      }
      await this.#sweepAfter(body.length + (verdict.graph?.bytes ?? 0));
    } catch (error) {
      this.#options.onTrouble(error);
    }
  }

  async drop(key: string): Promise<void> {
    await rm(this.#path(key, "json"), { force: true }).catch(this.#options.onTrouble);
    await rm(this.#path(key, "onnx"), { force: true }).catch(this.#options.onTrouble);
  }

  async #read(key: string): Promise<Verdict | undefined> {
    try {
      const text = await readFile(this.#path(key, "json"), "utf8");
      const end = text.indexOf("\n");
      const body = text.slice(end + 1);
      return Number(text.slice(0, end)) === crc32(body) ? JSON.parse(body) : undefined;
    } catch (error) {
      if (!isMissing(error)) this.#options.onTrouble(error);
      return undefined;
    }
  }

  async #touch(key: string): Promise<void> {
    const now = new Date();
    for (const ending of ["json", "onnx"] as const)
      await utimes(this.#path(key, ending), now, now).catch(() => undefined);
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
    const files = await Promise.all(
      (await readdir(folder)).map(async (name) => {
        const found = await stat(join(folder, name)).catch(() => undefined);
        return found ? { name, bytes: found.size, used: found.mtimeMs } : [];
      }),
    ).then((all) => all.flat());
    const now = Date.now();
    let bytes = 0;
    for (const file of files.sort((a, b) => b.used - a.used)) {
      bytes += file.bytes;
      const abandoned = file.name.endsWith(".tmp") && now - file.used > abandonedMs;
      if (abandoned || (bytes > mostBytes && !file.name.endsWith(".tmp")))
        await rm(join(folder, file.name), { force: true });
    }
  }

  #path(key: string, ending: "json" | "onnx"): string {
    return join(this.#options.folder, `${key}.${ending}`);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
