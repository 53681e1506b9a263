/** `amaas predict NAME --input FILE`: the rows of a file as requests, the answers as a table or a document. */
import { traceIdOf } from "@amaas/telemetry";
import type { Command } from "commander";
import { type Cli, examples, wholeNumber } from "../cli.ts";
import { type Answer, answersOf, answerTable } from "../predict/answers.ts";
import { readInput } from "../predict/read-input.ts";
import { toBatches } from "../predict/to-tensors.ts";

export function predict(command: Command, cli: Cli): void {
  command
    .description(
      `Sends the rows of FILE to a model and prints its answers.

FILE is JSON (a record, a list of records, rows of numbers, or {"inputs": […]} as the Open Inference Protocol has it), .jsonl, CSV with a header line, or a NumPy .npy array; - is JSON on stdin.`,
    )
    .argument("<name>", "the model's name")
    .requiredOption("-i, --input <file>", "the rows to send")
    .option(
      "--version <number>",
      "this version; where it is left out, the one that its alias serves",
      wholeNumber(1, 999_999_999),
    )
    .addHelpText(
      "after",
      examples(
        "amaas predict penguins --input rows.csv",
        "amaas predict digits --input images.npy --output json",
        "amaas predict penguins --input - < rows.json",
      ),
    )
    .action(
      cli.action(async (session, name: string, options: { input: string; version?: number }) => {
        const input = await readInput(session.shell, options.input);
        await session.connect("predict", ["inference"], async ({ client, traceparent }) => {
          const metadata = await client.modelMetadata(name, options.version);
          const answers: Answer[] = [];
          let version = "";
          for (const batch of toBatches(input, metadata)) {
            const call = options.version === undefined ? {} : { version: options.version };
            const prediction = await client.infer(name, batch, call);
            version = prediction.version;
            answers.push(...answersOf(prediction.outputs));
          }
          if (session.json)
            return session.printJson({
              model: name,
              version,
              traceId: traceIdOf(traceparent),
              predictions: answers,
            });
          session.print(...answerTable(answers, session.style));
          session.note(session.style.dim(`answered by ${name} version ${version}`));
        });
      }),
    );
}
