/** `amaas predict NAME --input FILE`, or `--image FILE…`: rows as requests, the answers as a table or a document. */
import type { Amaas } from "@amaas/client";
import { traceIdOf } from "@amaas/telemetry";
import { type Command, Option } from "commander";
import { type Cli, examples, wholeNumber } from "../cli.ts";
import { type Answer, answersOf, answerTable } from "../predict/answers.ts";
import { readInput } from "../predict/read-input.ts";
import { toBatches } from "../predict/to-tensors.ts";

interface Options {
  readonly input?: string;
  readonly image?: readonly string[];
  readonly version?: number;
}

export function predict(command: Command, cli: Cli): void {
  command
    .description(
      `Sends the rows of FILE, or images, to a model and prints its answers.

FILE is JSON (a record, a list of records, rows of numbers, or {"inputs": […]} as the Open Inference Protocol has it), .jsonl, CSV with a header line, or a NumPy .npy array; - is JSON on stdin.

Images are PNG or JPEG files for a model that was trained on such; they are brought to the size that it was trained on.`,
    )
    .argument("<name>", "the model's name")
    .option("-i, --input <file>", "the rows to send")
    .addOption(
      new Option("--image <files...>", "the images to send, one row each").conflicts("input"),
    )
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
        "amaas predict photos --image cat.jpg dog.png",
        "amaas predict penguins --input - < rows.json",
      ),
    )
    .action(
      cli.action(async (session, name: string, options: Options) => {
        const { input, image } = options;
        if (input === undefined && image === undefined)
          command.error("error: found neither --input nor --image, wanted one of them");
        const given = input === undefined ? undefined : await readInput(session.shell, input);
        const needs = image ? (["registry", "inference"] as const) : (["inference"] as const);
        await session.connect("predict", needs, async ({ client, traceparent }) => {
          const { rows, which } = given
            ? { rows: given, which: options.version }
            : await asImages(client, name, options, session.shell.directory);
          const metadata = await client.modelMetadata(name, which);
          const answers: Answer[] = [];
          let version = "";
          for (const batch of toBatches(rows, metadata)) {
            const prediction = await client.infer(
              name,
              batch,
              which === undefined ? {} : { version: which },
            );
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

/** The version that the images were made for is the one to ask, even if another takes its place meanwhile. */
async function asImages(client: Amaas, name: string, options: Options, directory: string) {
  const { imagesOf, readImages } = await import("../predict/read-images.ts");
  const { version, images } = await imagesOf(client, name, options.version);
  return { rows: await readImages(directory, options.image ?? [], images), which: version };
}
