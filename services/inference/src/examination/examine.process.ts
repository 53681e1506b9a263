/**
 * The process in which uploaded models are looked at and tried. Whatever one of them does here, hang,
 * crash or take all memory, it does to nobody else.
 */
import { readdirSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  openSession,
  type Session,
  type SessionOptions,
  serveThread,
  type ValueSpec,
} from "@amaas/engine";
import { disagreement } from "../agreement.ts";
import { type FileSums, sumOf } from "../background/file-sum.ts";
import { rowsTogether, strayOutput } from "../rows-alone.ts";
import { type FileLook, readFile as readUnchanged } from "../sources/folder/file-look.ts";
import { firstThatRuns, trialFeeds } from "../trial-feeds.ts";
import { type Survey, survey } from "./survey.ts";

export interface ExaminationApi {
  /** Answers as soon as the process can. */
  ready(): void;
  /** Reads it, and keeps what it answers without any rewriting for `compare`. */
  reference(model: ExaminedModel): Survey & Signature;
  /** Opens the same model with rewriting and compares; writes the rewritten graph to a folder, where one is given. */
  compare(level: Level, savedTo: string | undefined): Trial;
  /** As `compare`, for the model as it is. */
  plain(): Trial;
}

/** Its bytes, a copy of them on disk, or a file that is somebody else's and may change. */
export type ExaminedModel = Uint8Array | FileLook | { readonly path: string };

export interface Signature {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
}

export type Level = "all" | "basic";

export interface Trial {
  /** What the rewritten model answers differently, if anything. */
  readonly differs: string | undefined;
  /** Processor time that a run of one row took. */
  readonly runMs: number;
  /** What the process grew by, from before it was opened to after its runs; unless it is large, by each of several. */
  readonly grownBytes: number;
  /** Why rows of several requests cannot be run together, if they cannot. */
  readonly rowsApart: string | undefined;
  /** Why nobody could say whose the rows of an output are, if so. */
  readonly stray: string | undefined;
  /** The files that were written, by name. */
  readonly saved?: FileSums;
}

interface Reference {
  readonly bytes: Uint8Array;
  readonly random: boolean;
  /** What was fed and answered; nothing where no guess at open sizes ran. */
  readonly run: Awaited<ReturnType<typeof firstThatRuns>>;
}

/** Up to here several are opened to see what one takes. */
const measuredBytes = 2 ** 24;
const mostCopies = 16;
const mostCopiedBytes = 2 ** 25;
const copiesMs = 100;

let kept: Reference | undefined;

serveThread<ExaminationApi>({
  ready: () => undefined,

  async reference(model) {
    kept = undefined;
    const bytes = await bytesOf(model);
    const found = survey(bytes);
    const session = await openSession(bytes, { optimization: "disabled", arena: false });
    try {
      kept = { bytes, random: found.random, run: await firstThatRuns(session, 1) };
      const { inputs, outputs } = session;
      return { ...found, inputs, outputs };
    } finally {
      await session.release();
    }
  },

  async compare(level, savedTo) {
    if (savedTo === undefined) return tried({ optimization: level });
    try {
      await mkdir(savedTo, { recursive: true });
      const trial = await tried({ optimization: level, savedTo });
      return { ...trial, saved: filesIn(savedTo) };
    } catch {
      // A disk that is full is no fault of the model's.
      await rm(savedTo, { recursive: true, force: true });
      return tried({ optimization: level });
    }
  },

  plain: () => tried({ optimization: "disabled" }),
});

function bytesOf(model: ExaminedModel): Promise<Uint8Array> | Uint8Array {
  if (model instanceof Uint8Array) return model;
  return "fingerprint" in model ? readUnchanged(model) : readFile(model.path);
}

async function tried(options: SessionOptions): Promise<Trial> {
  if (!kept) throw new Error("no model has been read");
  const { bytes } = kept;
  const before = process.memoryUsage.rss();
  const session = await openSession(bytes, { ...options, arena: false });
  try {
    const trial = await trialOf(session, kept, before);
    if (bytes.byteLength > measuredBytes) return trial;
    const { savedTo: _, ...others } = options;
    return { ...trial, grownBytes: await grownByEach(bytes, { ...others, arena: false }) };
  } finally {
    await session.release();
  }
}

/** One session may disappear in what was freed before; of several, most have to be new. */
async function grownByEach(bytes: Uint8Array, options: SessionOptions): Promise<number> {
  const before = process.memoryUsage.rss();
  const most = Math.min(mostCopies, mostCopiedBytes / bytes.byteLength);
  const until = performance.now() + copiesMs;
  const copies: Session[] = [];
  try {
    while (copies.length < most && performance.now() < until)
      copies.push(await openSession(bytes, options));
    return grown(before) / copies.length;
  } finally {
    for (const copy of copies) await copy.release();
  }
}

async function trialOf(session: Session, { run, random }: Reference, before: number) {
  const rows = { rowsApart: await rowsTogether(session), stray: await strayOutput(session) };
  if (!run) return { differs: undefined, runMs: 0, grownBytes: grown(before), ...rows };
  const feeds = trialFeeds(session.inputs, { rows: 1, open: run.open }, run.contents);
  const outputs = await session.run(feeds);
  const runMs = await processorMs(() => session.run(feeds));
  const differs = random ? undefined : disagreement(outputs, run.outputs);
  return { differs, runMs, grownBytes: grown(before), ...rows };
}

/** A run is work of this thread, and a machine that is busy makes no model slow. */
async function processorMs(run: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage();
  await run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

function filesIn(folder: string): FileSums {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, sumOf(join(folder, name))] as const),
  );
}

function grown(before: number): number {
  return Math.max(0, process.memoryUsage.rss() - before);
}
