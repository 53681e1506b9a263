/**
 * How a command ends when it does not succeed: what is said on stderr, and the exit code.
 *
 * 1 failure, 2 a command line that makes no sense, 130 ended by Ctrl-C. A comparison has 1 for a difference, so
 * its failures are 2, as with diff.
 */
import { type ErrorCode, errorMessage, isDomainError, type Violation } from "@amaas/errors";
import type { Style } from "./terminal/style.ts";
import { printable } from "./terminal/text.ts";

export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Thrown where everything has been said already. */
export class Ended extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super(`ended with ${exitCode}`);
    this.name = "Ended";
    this.exitCode = exitCode;
  }
}

/** A failure that a command tells by another exit code than 1. */
export class FailedWith extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, cause: unknown) {
    super(errorMessage(cause), { cause });
    this.name = "FailedWith";
    this.exitCode = exitCode;
  }
}

/** A command line that commander accepted and the command does not. */
export class UsageError extends Error {
  override name = "UsageError";
}

export function describeFailure(error: unknown, style: Style, command = "amaas"): string[] {
  const violations = isDomainError(error) ? error.violations : [];
  const [first] = violations;
  if (first === undefined || first.description === errorMessage(error))
    return [
      `${style.red("error:")} ${lines(errorMessage(error)).join("\n")}`,
      ...hints(error, style, command),
    ];
  const title = headOf(errorMessage(error), first);
  return [
    `${style.red("error:")} ${printable(title)}`,
    ...violations.map(({ field, description }) => {
      const where = field === "" ? "" : `${style.bold(printable(field))}: `;
      return `  ${where}${printable(description)}`;
    }),
  ];
}

export function failureDocument(error: unknown): Record<string, unknown> {
  return {
    error: {
      code: codeOf(error),
      message: errorMessage(error),
      ...(isDomainError(error) && error.violations.length > 0
        ? { violations: error.violations }
        : {}),
    },
  };
}

function codeOf(error: unknown): ErrorCode {
  if (isDomainError(error)) return error.code;
  return error instanceof UsageError ? "invalid-argument" : "unknown";
}

/** A message that goes on to list the violations is cut before them: they follow on lines of their own. */
function headOf(message: string, { field, description }: Violation): string {
  const list = message.indexOf(field === "" ? `: ${description}` : `: ${field}`);
  return list > 0 ? message.slice(0, list) : message;
}

/** Our own messages may have lines, as the tail of a log; nothing in them may move the cursor. */
function lines(message: string): string[] {
  return message.split("\n").map((line) => line.match(/^ */)?.[0] + printable(line.trimStart()));
}

function hints(error: unknown, style: Style, command: string): string[] {
  if (!isDomainError(error, "unavailable")) return [];
  return [style.dim(`Is the suite running? Start it with: ${command} up`)];
}
