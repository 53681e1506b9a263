/** What child processes get of the environment. */
import { compileCache } from "./compile-cache.ts";

/**
 * The supervisor's own variables but for ours: a suite is described by its options, not by what the
 * shell that started it happened to hold.
 */
export function inheritedEnvironment(): Record<string, string | undefined> {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith("AMAAS_"));
  return { NODE_COMPILE_CACHE: compileCache, ...Object.fromEntries(others) };
}
