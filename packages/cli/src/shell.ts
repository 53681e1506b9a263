/**
 * What a command knows of the world it runs in. The process' own streams, environment and signals
 * come in here and nowhere else, so that a test can run a command in a world of its own.
 */
import { type ConfigOf, optional, readConfig, text } from "@amaas/config";
import type { Output } from "./terminal/screen.ts";

export interface OutputStream extends Output {
  readonly isTTY?: boolean;
}

export interface InputStream extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean;
  /** Of a terminal: whether keys come as they are pressed, and none of them is a signal. */
  setRawMode?(raw: boolean): unknown;
}

export interface Shell {
  /** How the user calls this program, for hints. */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
  readonly input: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Called when it is asked again to stop, before the process is ended. */
  onImpatience(hurry: () => void): void;
}

export const variables = {
  scheduler: optional(text("AMAAS_SCHEDULER_ADDRESS", { describe: "host:port of the scheduler" })),
  registry: optional(text("AMAAS_REGISTRY_ADDRESS", { describe: "host:port of the registry" })),
  inference: optional(
    text("AMAAS_INFERENCE_ADDRESS", { describe: "host:port of the inference service" }),
  ),
  noColor: optional(text("NO_COLOR", { describe: "any value turns colours off" })),
  terminal: optional(text("TERM", { describe: "what the terminal can do" })),
};

export function configOf(shell: Shell): ConfigOf<typeof variables> {
  return readConfig(variables, shell.env);
}

/** Whether this stream shows colours: a terminal that can, and nobody who objects. */
export function hasColours(shell: Shell, stream: OutputStream): boolean {
  const { noColor, terminal } = configOf(shell);
  return stream.isTTY === true && noColor === undefined && terminal !== "dumb";
}

/** Whether this stream can be redrawn in place. */
export function isLive(shell: Shell, stream: OutputStream): boolean {
  return stream.isTTY === true && configOf(shell).terminal !== "dumb";
}
