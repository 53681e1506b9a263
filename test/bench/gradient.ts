/**
 * A training step (loss and every gradient) of exported models: the gradient graph on onnxruntime against PyTorch
 * eager, on the CPU, one thread each, the same model and the same batch. They take turns, round by round, each in
 * a process of its own, and the medians of their ratios are compared.
 *
 * Needs a Python that has PyTorch (`pip install torch onnxscript`); `--python PATH` says which, if it is not `python3`.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { benchOptions } from "./options.ts";
import { printReport, type Target, tell } from "./report.ts";
import { median, round } from "./statistics.ts";

/** What the ratio to PyTorch's time is to be at most. */
const targets: Readonly<Record<string, number>> = {
  mlp: 1,
  resnet18: 1.2,
  gpt: 1,
  bert: 1,
  lstm: 1.2,
};
const backwardTarget = 2.2;

const options = benchOptions({
  models: { default: Object.keys(targets).join(","), what: "some of them" },
  rounds: { default: "3", what: "of which medians are taken" },
  seconds: { default: "2", what: "for each side of a round" },
  python: { default: "python3", what: "one that has PyTorch" },
});
const { python } = options;
const folder = join(import.meta.dirname, "gradient");
const run = promisify(execFile);

interface Times {
  readonly forwardMs: number;
  readonly stepMs: number;
  readonly peakMb: number;
}

interface Ours extends Times {
  readonly nodes: readonly [forward: number, step: number];
  readonly deriveMs: number;
  /** The largest relative difference to PyTorch's loss and lengths of gradients. */
  readonly error: number;
}

async function say<T>(command: string, ...args: string[]): Promise<T> {
  // A processor's number of threads must not depend on who asks.
  const env = { ...process.env, OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  const { stdout } = await run(command, args, { env, maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

async function measure(model: string, files: string) {
  const [ours, theirs]: [Ours[], Times[]] = [[], []];
  for (let at = 1; at <= Number(options.rounds); at++) {
    tell(`${model}: round ${at} of ${options.rounds}`);
    const { seconds } = options;
    theirs.push(await say<Times>(python, join(folder, "step.py"), model, seconds));
    ours.push(await say<Ours>(process.execPath, join(folder, "step.ts"), files, seconds));
  }
  const ratios = ours.map(({ stepMs }, index) => stepMs / theirs[index]!.stepMs);
  const backward = ours.map(({ stepMs, forwardMs }) => (stepMs - forwardMs) / forwardMs);
  return { model, ours, theirs, ratios, ratio: median(ratios), backward: median(backward) };
}

type Measured = Awaited<ReturnType<typeof measure>>;

/** What is wanted and not there is said in a line. */
function stop(message: string): never {
  tell(message);
  process.exit(1);
}

async function main(): Promise<void> {
  const models = options.models.split(",");
  for (const model of models)
    if (!Object.hasOwn(targets, model))
      stop(`there is no model "${model}"; there are ${Object.keys(targets).join(", ")}`);
  const torch = await run(python, ["-c", "import onnxscript, torch; print(torch.__version__)"])
    .then(({ stdout }) => stdout.trim())
    .catch(() =>
      stop(
        `${python} has no PyTorch: pip install torch onnxscript, and say which has by --python PATH`,
      ),
    );
  tell(`PyTorch ${torch}`);
  const home = await mkdtemp(join(tmpdir(), "amaas-bench-gradient-"));
  const measured: Measured[] = [];
  try {
    for (const model of models) {
      tell(`${model}: exported by PyTorch`);
      await run(python, [join(folder, "export.py"), model, join(home, model)]);
      measured.push(await measure(model, join(home, model)));
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  const of = (times: readonly Times[], what: keyof Times) =>
    String(round(median(times.map((each) => each[what])), 1));
  printReport({
    bench: "gradient",
    header: [
      "model",
      "forward, ms",
      "PyTorch",
      "step, ms",
      "PyTorch",
      "step ratio",
      "(all rounds)",
      "backward / forward",
      "peak, MB",
      "PyTorch",
      "error",
    ],
    rows: measured.map(({ model, ours, theirs, ratios, ratio, backward }) => [
      model,
      of(ours, "forwardMs"),
      of(theirs, "forwardMs"),
      of(ours, "stepMs"),
      of(theirs, "stepMs"),
      String(round(ratio, 2)),
      ratios.map((each) => round(each, 2)).join(" "),
      String(round(backward, 2)),
      of(ours, "peakMb"),
      of(theirs, "peakMb"),
      Math.max(...ours.map(({ error }) => error)).toExponential(1),
    ]),
    targets: measured.flatMap(verdicts),
    figures: { torch, models: measured },
  });
}

function verdicts({ model, ratio, backward }: Measured): readonly Target[] {
  const wanted = targets[model]!;
  return [
    {
      what: `${model}: step against PyTorch's`,
      wanted: `at most ${wanted}`,
      found: `${round(ratio, 2)}`,
      met: ratio <= wanted,
    },
    {
      what: `${model}: backward against forward`,
      wanted: `at most ${backwardTarget}`,
      found: `${round(backward, 2)}`,
      met: backward <= backwardTarget,
    },
  ];
}

await main();
