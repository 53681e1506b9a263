/** The command line as a whole: its global options, its help, and how a command's action is run. */
import { Command, InvalidArgumentError, Option } from "commander";
import { commands } from "./commands/index.ts";
import { Ended, exitCodes } from "./failure.ts";
import { type GlobalOptions, Session } from "./session.ts";
import type { Shell } from "./shell.ts";

export interface Cli {
  readonly program: Command;
  /** The action of a command that Ctrl-C ends at once. */
  action<A extends unknown[]>(
    run: (session: Session, ...args: A) => Promise<void>,
  ): (...args: A) => Promise<void>;
  /** The action of a command that watches the shell's signal and ends in its own good order. */
  lasting<A extends unknown[]>(
    run: (session: Session, ...args: A) => Promise<void>,
  ): (...args: A) => Promise<void>;
}

/** The line's own commands in full, the others as the help lists them. */
export async function createCli(shell: Shell, args: readonly string[]): Promise<Cli> {
  const cli = createProgram(shell);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = cli.program.command(name).summary(summary);
    if (args.includes(name)) (await load())(command, cli);
  }
  pointToHelp(cli.program, cli.program.name());
  return cli;
}

/** After a mistake, to the help of the command that was meant. */
function pointToHelp(command: Command, line: string): void {
  command.showHelpAfterError(`(try: ${line} --help)`);
  for (const inner of command.commands) pointToHelp(inner, `${line} ${inner.name()}`);
}

function createProgram(shell: Shell): Cli {
  const program = new Command("amaas")
    .description("Trains models, keeps them, serves them.")
    .addOption(
      new Option("--output <form>", "what stdout gets").choices(["text", "json"]).default("text"),
    )
    .option("--scheduler <address>", "host:port of the scheduler [AMAAS_SCHEDULER_ADDRESS]")
    .option("--registry <address>", "host:port of the registry [AMAAS_REGISTRY_ADDRESS]")
    .option("--inference <address>", "host:port of the inference service [AMAAS_INFERENCE_ADDRESS]")
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      getOutHelpWidth: () => shell.stdout.columns ?? 80,
      getErrHelpWidth: () => shell.stderr.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addHelpText(
      "after",
      `
Addresses that are not given come from the nearest .amaas/suite.json, which "amaas up" writes, or
are the standard ports of this machine.
${examples(
  "amaas quickstart",
  "amaas up",
  "amaas example penguins && amaas train penguins/job.yaml --follow",
)}`,
    );
  const session = () => new Session(shell, program.opts<GlobalOptions>());
  return {
    program,
    action:
      (run) =>
      async (...args) => {
        await Promise.race([run(session(), ...args), interruption(shell.signal)]);
      },
    lasting:
      (run) =>
      (...args) =>
        run(session(), ...args),
  };
}

/** What stands beneath a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

/** Parses an option's value. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Wanted a whole number from ${min} to ${max}.`);
  };
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Ended(exitCodes.interrupted));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
