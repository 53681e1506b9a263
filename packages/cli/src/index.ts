export type { ExitCode } from "./failure.ts";
export { run } from "./run.ts";
export type { OutputStream, Shell } from "./shell.ts";
