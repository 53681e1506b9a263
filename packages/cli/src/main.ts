#!/usr/bin/env node
/** The amaas command: this process' streams, environment and signals, handed to the program. */
import { enableCompileCache } from "node:module";
import { compileCache } from "@amaas/suite/compile-cache";
import type { Shell } from "./shell.ts";

// Before anything else is loaded: it halves the time to the first word.
enableCompileCache(compileCache);
const { run } = await import("./run.ts");

const stopped = new AbortController();
const hurries: (() => void)[] = [];

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    if (!stopped.signal.aborted) return stopped.abort();
    if (hurries.length === 0) process.exit(130);
    for (const hurry of hurries) hurry();
  });

// A reader that has had enough (head, less) is no failure.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error) => {
    if (!("code" in error && error.code === "EPIPE")) throw error;
    stopped.abort();
  });

// A script of the workspace runs at its root; the user's relative paths mean where they are.
const { npm_lifecycle_event: script, npm_package_name: owner, INIT_CWD: from } = process.env;
const isScript = owner === "amaas" && (script === "amaas" || script === "quickstart");
// Who ran pnpm by npx may have no pnpm of their own.
const byNpx = /[\\/]_npx[\\/]/.test(process.env.npm_execpath ?? "");

const shell: Shell = {
  command: isScript ? `${byNpx ? "npx -y pnpm@12" : "pnpm"} amaas` : "amaas",
  env: process.env,
  directory: (isScript ? from : undefined) ?? process.cwd(),
  input: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stopped.signal,
  onImpatience: (hurry) => hurries.push(hurry),
};

process.exitCode = await run(process.argv.slice(2), shell);
// A command that was interrupted may still wait for an answer that nobody needs.
if (stopped.signal.aborted) process.exit();
