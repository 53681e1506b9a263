/**
 * Which traces are recorded, by the standard variables OTEL_TRACES_SAMPLER and
 * OTEL_TRACES_SAMPLER_ARG. The decision is a function of the trace id, so every process that
 * starts a span of the same trace decides alike. An unknown sampler records everything, as the
 * standard's default does.
 */
import type { TraceContext } from "./trace-context.ts";

export type Sampler = (traceId: string, parent: TraceContext | undefined) => boolean;

/** The share of new traces that is recorded. */
export function shareFrom(env: NodeJS.ProcessEnv): number {
  const root = env.OTEL_TRACES_SAMPLER?.replace("parentbased_", "");
  if (root === "always_off") return 0;
  const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG ?? "1");
  return root === "traceidratio" && ratio >= 0 && ratio <= 1 ? ratio : 1;
}

export function samplerFrom(env: NodeJS.ProcessEnv): Sampler {
  const name = env.OTEL_TRACES_SAMPLER ?? "parentbased_always_on";
  const [, followsParent, root] = /^(parentbased_)?(.*)$/.exec(name) ?? [];
  const decide = roots[root ?? ""]?.(env.OTEL_TRACES_SAMPLER_ARG) ?? always;
  const knownRoot = root !== undefined && root in roots;
  if (knownRoot && followsParent === undefined) return (traceId) => decide(traceId);
  return (traceId, parent) => parent?.sampled ?? decide(traceId);
}

const always = () => true;

const roots: Record<string, (argument: string | undefined) => (traceId: string) => boolean> = {
  always_on: () => always,
  always_off: () => () => false,
  traceidratio: (argument) => {
    const ratio = Number(argument ?? "1");
    if (!(ratio >= 0 && ratio <= 1)) return always;
    // The last 56 bits of a trace id are random by W3C level 2; 52 fit a number exactly.
    return (traceId) => Number.parseInt(traceId.slice(-13), 16) < ratio * 2 ** 52;
  },
};
