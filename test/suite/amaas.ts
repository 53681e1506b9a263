/** Runs the real command as a user's shell would, in a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { run } from "@amaas/cli";

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly said: { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<Ran>;
  /** Resolves when the output so far contains the text. */
  says(text: string): Promise<void>;
}

const main = fileURLToPath(import.meta.resolve("@amaas/cli/main"));

export function startAmaas(
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  input = "",
): Running {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(AMAAS_|npm_|INIT_CWD)/.test(name),
  );
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { ...Object.fromEntries(inherited), ...variables },
    stdio: "pipe",
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const said = { stdout: "", stderr: "" };
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...said }));
  });
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      said[stream] += text;
    });
  return {
    child,
    said,
    ended,
    async says(text) {
      while (!(said.stdout + said.stderr).includes(text)) {
        const gone = await Promise.race([
          ended,
          new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 20)),
        ]);
        if (gone && !(gone.stdout + gone.stderr).includes(text))
          throw new Error(`ended without saying ${JSON.stringify(text)}: ${JSON.stringify(gone)}`);
      }
    },
  };
}

export function amaas(folder: string, args: readonly string[], input = ""): Promise<Ran> {
  return startAmaas(folder, args, {}, input).ended;
}

/** The same command without the cost of a process, for many short ones. */
export async function inProcess(folder: string, args: readonly string[]): Promise<Ran> {
  const said = { stdout: "", stderr: "" };
  const collect = (stream: keyof typeof said) => ({
    write: (text: string) => {
      said[stream] += text;
    },
  });
  const code = await run(args, {
    command: "amaas",
    env: {},
    directory: folder,
    input: (async function* () {})(),
    stdout: collect("stdout"),
    stderr: collect("stderr"),
    signal: new AbortController().signal,
    onImpatience: () => {},
  });
  return { code, ...said };
}
