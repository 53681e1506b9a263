/** `amaas generate NAME --prompt TEXT`: what a language model goes on with, as it comes. */
import { traceIdOf } from "@amaas/telemetry";
import { type Command, InvalidArgumentError } from "commander";
import { type Cli, examples, wholeNumber } from "../cli.ts";

interface Options {
  readonly prompt: string;
  readonly length: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly seed: number;
  readonly version?: number;
}

export function generate(command: Command, cli: Cli): void {
  command
    .description(
      "Has a language model go on with a text, token by token. The same version, prompt, options and seed make the same text.",
    )
    .argument("<name>", "the model's name")
    .requiredOption("-p, --prompt <text>", "what the text begins with")
    .option("-n, --length <tokens>", "how many tokens to make", wholeNumber(1, 100_000), 200)
    .option(
      "-t, --temperature <number>",
      "0 is the likeliest token each time, 1 as likely as the model thinks",
      temperature,
      0.8,
    )
    .option("-k, --top-k <tokens>", "only out of so many likeliest", wholeNumber(1, 1_000_000))
    .option("-s, --seed <number>", "another one draws others", wholeNumber(0, 999_999_999), 0)
    .option(
      "--version <number>",
      "this version; where it is left out, the one that is served",
      wholeNumber(1, 999_999_999),
    )
    .addHelpText(
      "after",
      examples(
        'amaas generate speeches --prompt "My fellow citizens"',
        'amaas generate speeches -p "We " -n 500 -t 0.5 --top-k 20 --seed 7 --output json',
      ),
    )
    .action(
      cli.action(async (session, name: string, options: Options) => {
        const { version, ...how } = options;
        await session.connect(
          "generate",
          ["registry", "inference"],
          async ({ client, traceparent }) => {
            const { generate, languageModel } = await import("../generate/generate.ts");
            const { untokenize } = await import("@amaas/data");
            const model = await languageModel(client, name, version);
            const { tokens: kind } = model.text;
            const made: string[] = [];
            const { stdout } = session.shell;
            if (!session.json) stdout.write(options.prompt);
            for await (const token of generate(client, model, how)) {
              made.push(token);
              // A byte alone may be no character: those are shown together, at the end.
              if (!session.json && kind !== "bytes") stdout.write(token);
            }
            const text = untokenize(made, kind);
            if (session.json)
              return session.printJson({
                model: name,
                version: String(model.version),
                traceId: traceIdOf(traceparent),
                prompt: options.prompt,
                text,
                tokens: made.length,
              });
            stdout.write(kind === "bytes" ? `${text}\n` : "\n");
            session.note(session.style.dim(`made by ${name} version ${model.version}`));
          },
        );
      }),
    );
}

function temperature(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError("Wanted a number from 0 to 100.");
}
