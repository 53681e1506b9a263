/**
 * What a process is told that is to do with little memory, in variables that only the environment it starts in can set.
 */

/** `nodeOptions` are somebody's own, which win. */
export function sparing(nodeOptions: string | undefined): Record<string, string> {
  return {
    // For glibc: what is larger has pages of its own, which go back when it is freed. Otherwise it raises that limit by
    // itself, and models that come and go leave holes that are several times what is loaded.
    MALLOC_MMAP_THRESHOLD_: "1048576",
    // For V8, in mebibytes: what a request makes is garbage at once, and on a large machine up to 128 MB of it gather in
    // place of 32. Collecting it takes the same time.
    NODE_OPTIONS: ["--max-semi-space-size=16", nodeOptions ?? ""].join(" ").trim(),
  };
}
