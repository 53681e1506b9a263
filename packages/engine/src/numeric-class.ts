/**
 * The class of arithmetic that this machine does: sessions of two machines of one class give the
 * same bits for the same graph and inputs.
 *
 * onnxruntime picks its kernels by what the processor can do, so the class names the engine's
 * version and the widest instruction set that decides between kernels. Where the instruction sets
 * are not told, the processor's model stands for them, which only makes classes narrower.
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { env } from "onnxruntime-node";

export interface Processor {
  readonly architecture: string;
  /** The contents of /proc/cpuinfo, where there is one. */
  readonly cpuinfo?: string;
  readonly model: string;
}

/** E.g. `onnxruntime 1.30.0 x64 avx512`. */
export function numericClass(): string {
  return `onnxruntime ${env.versions.node ?? "of unknown version"} ${processorClass(thisProcessor())}`;
}

/** Wider sets first. */
const instructionSets: Readonly<Record<string, readonly (readonly [string, readonly string[]])[]>> =
  {
    x64: [
      ["avx512", ["avx512f", "avx512bw", "avx512dq", "avx512vl"]],
      ["fma", ["avx2", "fma"]],
      ["avx", ["avx"]],
      ["sse", []],
    ],
    arm64: [
      ["sme", ["sme"]],
      ["neon", []],
    ],
  };

export function processorClass({ architecture, cpuinfo, model }: Processor): string {
  const flags = cpuinfo === undefined ? undefined : flagsOf(cpuinfo);
  const sets = instructionSets[architecture];
  const widest = sets?.find(
    ([, needed]) => flags !== undefined && needed.every((f) => flags.has(f)),
  );
  return `${architecture} ${widest?.[0] ?? (model.trim().replace(/\s+/g, " ") || "of unknown model")}`;
}

/** What every core can do; the first one speaks for all, as it does for onnxruntime. */
function flagsOf(cpuinfo: string): ReadonlySet<string> | undefined {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1];
  return line === undefined ? undefined : new Set(line.trim().split(/\s+/));
}

function thisProcessor(): Processor {
  const model = cpus()[0]?.model ?? "";
  const cpuinfo = readCpuinfo();
  return { architecture: process.arch, model, ...(cpuinfo === undefined ? {} : { cpuinfo }) };
}

function readCpuinfo(): string | undefined {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return undefined;
  }
}
