/**
 * The command line of a benchmark: its options as texts, each with its default, and `--output`. With `--help` it says what
 * the file that was started says of itself, and the options that there are.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

interface Option {
  readonly default: string;
  /** What it is there for. */
  readonly what: string;
}

const output = { default: "table", what: "table, or json for everything that was measured" };

/** Ends the process where help was asked for, or where an option is not known. */
export function benchOptions<Name extends string = never>(
  own: { readonly [N in Name]: Option } = {} as { readonly [N in Name]: Option },
): { readonly [N in Name | "output"]: string } {
  const options: Record<string, Option> = { ...own, output };
  const names = Object.keys(options);
  const known = Object.fromEntries(
    names.map((name) => [name, { type: "string" as const, default: options[name]!.default }]),
  );
  try {
    const { help, ...values } = parseArgs({
      options: { ...known, help: { type: "boolean", short: "h" } },
    }).values;
    if (help !== true) return values as { readonly [N in Name | "output"]: string };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
  process.stdout.write(`${opening(process.argv[1]!)}\n\n${lines(options).join("\n")}\n`);
  process.exit(0);
}

/** The comment that a file opens with. */
function opening(file: string): string {
  const [, comment = ""] = /^\/\*\*(.*?)\*\//s.exec(readFileSync(file, "utf8")) ?? [];
  return comment.replaceAll(/^ *\* ?/gm, "").trim();
}

function lines(options: Readonly<Record<string, Option>>): string[] {
  const width = Math.max(...Object.keys(options).map((name) => name.length));
  return Object.entries(options).map(
    ([name, { what, default: value }]) => `  --${name.padEnd(width)}  ${what} (${value})`,
  );
}
