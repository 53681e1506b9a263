/** From a command line to an exit code; whatever goes wrong is said once, in a form fit for the reader. */
import { CommanderError } from "commander";
import { type Cli, createCli } from "./cli.ts";
import {
  describeFailure,
  Ended,
  type ExitCode,
  exitCodes,
  FailedWith,
  failureDocument,
  UsageError,
} from "./failure.ts";
import { hasColours, type Shell } from "./shell.ts";
import { createStyle } from "./terminal/style.ts";

export async function run(args: readonly string[], shell: Shell): Promise<ExitCode> {
  const cli = await createCli(shell, args);
  try {
    await cli.program.parseAsync(args, { from: "user" });
    return exitCodes.success;
  } catch (error) {
    if (error instanceof Ended) return error.exitCode;
    // Help and the like end this way too; commander has written what there is to say.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    if (shell.signal.aborted) return exitCodes.interrupted;
    const { failure, exitCode } = judge(error);
    tell(failure, cli, shell);
    return exitCode;
  }
}

function judge(error: unknown): { failure: unknown; exitCode: ExitCode } {
  if (error instanceof FailedWith) return { failure: error.cause, exitCode: error.exitCode };
  const isUsage = error instanceof UsageError;
  return { failure: error, exitCode: isUsage ? exitCodes.usage : exitCodes.failure };
}

function tell(error: unknown, cli: Cli, shell: Shell): void {
  const lines =
    cli.program.opts().output === "json"
      ? [JSON.stringify(failureDocument(error))]
      : describeFailure(error, createStyle(hasColours(shell, shell.stderr)), shell.command);
  for (const line of lines) shell.stderr.write(`${line}\n`);
}
