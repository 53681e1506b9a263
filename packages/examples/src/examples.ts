/**
 * The examples: each a folder with a job, and the data that the job is about.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeDigits, writeImages } from "./digits.ts";
import { writeFlights } from "./flights.ts";
import { writeHouses } from "./houses.ts";
import { writeNovel } from "./novel.ts";
import { writePenguins } from "./penguins.ts";
import { writeMails } from "./spam.ts";

export interface Example {
  /** Holds `job.yaml` and a README. */
  readonly directory: string;
  readonly job: string;
  /** Where the job expects its data. */
  readonly data: string;
  /** Writes the data into a folder, `data` unless told otherwise; answers the paths. */
  writeData(directory?: string): Promise<readonly string[]>;
}

export type ExampleName =
  | "digits"
  | "digits-autoencoder"
  | "digits-cnn"
  | "flights"
  | "houses"
  | "novel"
  | "penguins"
  | "spam";

export const examples: Readonly<Record<ExampleName, Example>> = {
  digits: example("digits", writeDigits),
  "digits-autoencoder": example("digits-autoencoder", writeImages),
  "digits-cnn": example("digits-cnn", writeDigits),
  flights: example("flights", writeFlights),
  houses: example("houses", writeHouses),
  novel: example("novel", writeNovel),
  penguins: example("penguins", writePenguins),
  spam: example("spam", writeMails),
};

function example(
  name: ExampleName,
  write: (directory: string) => Promise<readonly string[]>,
): Example {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const directory = join(root, name);
  const data = join(root, "data", name);
  return {
    directory,
    job: join(directory, "job.yaml"),
    data,
    writeData: (target = data) => write(target),
  };
}
