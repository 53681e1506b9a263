/**
 * The whole suite in a folder of its own, and jobs that go all the way through it.
 * A story that fails shows what its processes said.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Amaas, createClient, type Job } from "@amaas/client";
import { examples } from "@amaas/examples";
import { type Suite, type SuiteOptions, startSuite } from "@amaas/suite";
import { onTestFailed } from "vitest";
import { type Followed, follow, type Interruption, type Run, runOf } from "./run.ts";

export type StoryOptions = Omit<SuiteOptions, "directory" | "ports"> & {
  readonly natsUrl?: string;
  readonly databaseUrl?: string;
};

export interface Story {
  readonly suite: Suite;
  readonly client: Amaas;
  readonly directory: string;
  /** Submits the document; paths in it are relative to the folder of the digits. */
  submit(document: object): Promise<Job>;
  /** Until the job has ended, however often the scheduler goes away meanwhile. */
  follow(job: string, ...interruptions: readonly Interruption[]): Promise<Followed>;
  /** Submits the document and follows it to its success. */
  run(document: object, ...interruptions: readonly Interruption[]): Promise<Run>;
  log(job: string): Promise<string>;
  /** What the processes have said since the last call, for a test that has failed. */
  takeLines(): string;
  stop(): Promise<void>;
}

const mostLines = 2_000;

export async function startStory(options: StoryOptions = {}): Promise<Story> {
  const directory = await mkdtemp(join(tmpdir(), "amaas-story-"));
  const data = join(directory, "digits");
  let lines: string[] = [];
  const say = (name: string, line: string) => {
    lines.push(`${name}: ${line}`);
    if (lines.length > mostLines) lines = lines.slice(-mostLines / 2);
  };
  const { natsUrl, databaseUrl, env, onLine, onExit, ...rest } = options;
  const suite = await startSuite({
    ...rest,
    env: {
      ...(natsUrl === undefined ? {} : { AMAAS_NATS_URL: natsUrl }),
      ...(databaseUrl === undefined ? {} : { AMAAS_DATABASE_URL: databaseUrl }),
      ...env,
    },
    directory,
    ports: "free",
    onLine(name, line) {
      say(name, line);
      onLine?.(name, line);
    },
    onExit(name, exit) {
      say(name, `exited: ${JSON.stringify(exit)}`);
      onExit?.(name, exit);
    },
  });
  const client = createClient(suite.endpoints);
  const stop = async () => {
    client.close();
    await suite.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await suite.ready();
  } catch (error) {
    console.error(lines.join("\n"));
    await stop();
    throw error;
  }

  let digits: Promise<unknown> | undefined;
  const submit = async (document: object) => {
    digits ??= examples.digits.writeData(data);
    await digits;
    return client.jobs.submit(document, { baseDirectory: data });
  };
  const story: Story = {
    suite,
    client,
    directory,
    submit,
    follow: (job, ...interruptions) => follow(client, job, interruptions),
    async run(document, ...interruptions) {
      const began = performance.now();
      const { id } = await submit(document);
      const ended = await follow(client, id, interruptions);
      return runOf(ended, (performance.now() - began) / 1000);
    },
    async log(job) {
      const told: string[] = [];
      for await (const { source, message } of client.jobs.log(job))
        told.push(`${source}: ${message}`);
      return told.join("\n");
    },
    takeLines() {
      const taken = lines.join("\n");
      lines = [];
      return taken;
    },
    stop,
  };
  return story;
}

/** Inside a test: what the story's processes say from here on is shown if the test fails. */
export function showLinesOnFailure(story: Story): void {
  story.takeLines();
  onTestFailed(() => console.error(story.takeLines()));
}

/** The digits example, shortened to 250 steps; some seconds of training. */
export function shortDigits(change: DigitsChange = {}): object {
  return {
    name: "digits",
    task: "classification",
    data: { format: "arrays", features: "images.npy", labels: "labels.npy" },
    architecture: { type: "mlp", hidden: [128, 64], activation: "relu" },
    training: {
      epochs: 2,
      batchSize: 64,
      optimizer: { type: "adam", learningRate: 0.001 },
      checkpointEverySteps: 10,
      ...change.training,
    },
    resources: { workers: 2, servers: 2, ...change.resources },
  };
}

export interface DigitsChange {
  readonly training?: object;
  readonly resources?: { readonly workers?: number; readonly servers?: number };
}
