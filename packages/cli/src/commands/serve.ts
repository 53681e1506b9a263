/** `amaas serve`: one inference service on a folder of models, in the foreground, until Ctrl-C. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { DomainError } from "@amaas/errors";
import type { ModelServer } from "@amaas/suite";
import { type Command, Option } from "commander";
import { type Cli, examples, wholeNumber } from "../cli.ts";
import { Ended, exitCodes, UsageError } from "../failure.ts";
import { type LogFormat, logFormatOption, openLogProgress, showLine } from "../log-display.ts";
import { passedOn } from "../passed-on.ts";
import { askServed, type ServedVersion } from "../serving/ask.ts";
import { firstRequest, reasonLines, servedTable } from "../serving/describe-served.ts";
import type { Session } from "../session.ts";
import { exitText } from "../suite-text.ts";
import { counted } from "../terminal/figures.ts";
import type { Progress } from "../terminal/progress.ts";
import { until } from "../until.ts";

interface ServeOptions {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly metricsPort: number;
  readonly modelControlMode: "none" | "poll" | "explicit";
  readonly repositoryPollSecs: number;
  readonly loadModel?: readonly string[];
  readonly logFormat: LogFormat;
}

const layout = "wanted NAME/1/model.onnx, with or without NAME/config.pbtxt, or NAME.onnx";

/** What this command says by its options, and what the suite's services are told. */
const ownVariables =
  /^AMAAS_(HOST|PORT|HTTP_PORT|REST_PORT|NODE_ID|ADVERTISE|LOAD_MODELS|MODEL_.*|REPOSITORY_.*|[A-Z]+_ADDRESS|BLOBS_URL|NATS_URL|ALIAS|POLL_SECONDS)$/;

export function serve(command: Command, cli: Cli): void {
  const port = wholeNumber(0, 65_535);
  command
    .description(
      `Serves the ONNX models of a folder that is laid out as Triton's model repository, or of one with loose ONNX files, to every client of the Open Inference Protocol. Nothing else is started. What was learned of models is kept in a cache (AMAAS_INFERENCE_CACHE), for the next start.

A port of 0 takes a free one. AMAAS_LOG_LEVEL and the inference service's other variables are passed on.`,
    )
    .argument("<folder>", "the models; or one ONNX file")
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--http-port <port>", "REST", port, 8000)
    .option("--grpc-port <port>", "gRPC", port, 8001)
    .option("--metrics-port <port>", "metrics and health", port, 8002)
    .addOption(
      new Option(
        "--model-control-mode <mode>",
        "all models at the start, as the folder changes, or as requests say",
      )
        .choices(["none", "poll", "explicit"])
        .default("none"),
    )
    .option(
      "--repository-poll-secs <seconds>",
      "between two looks in mode poll",
      wholeNumber(1, 86_400),
      15,
    )
    .option(
      "--load-model <name>",
      "to begin with in mode explicit, * for all; may be repeated",
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .addOption(logFormatOption())
    .addHelpText(
      "after",
      examples(
        "amaas serve models",
        "amaas serve models --model-control-mode poll --repository-poll-secs 5",
        "amaas serve resnet.onnx --http-port 0 --grpc-port 0 --metrics-port 0",
      ),
    )
    .action(cli.lasting(run));
}

async function run(session: Session, folder: string, options: ServeOptions): Promise<void> {
  const { shell } = session;
  const path = resolve(shell.directory, folder);
  await check(path, folder, options);
  const { startModelServer } = await import("@amaas/suite");
  const progress = openLogProgress(session, options.logFormat);
  const started = progress.begin("Start");
  let server: ModelServer | undefined;
  let stopping = false;
  try {
    server = await startModelServer({
      folder: path,
      host: options.host,
      ports: { http: options.httpPort, grpc: options.grpcPort, metrics: options.metricsPort },
      mode: options.modelControlMode,
      pollSeconds: options.repositoryPollSecs,
      models: options.loadModel ?? [],
      env: passedOn(shell.env, ownVariables),
      onLine: (line) => showLine(session, options.logFormat, progress, "inference", line),
      onExit: (exit) => {
        if (!stopping && !shell.signal.aborted) progress.print([exitText("inference", exit)]);
      },
    });
    const running = server;
    shell.onImpatience(() => void running.stop(0));
    await until(server.ready, shell.signal);
    const served = await askServed(reachable(server.http));
    if (served.length === 0 && options.modelControlMode === "none")
      throw new DomainError("not-found", `${folder} has no models; ${layout}`);
    started.done(`${counted(answering(served), "model", "models")} of ${folder}`);
    announce(session, server, served, progress);
    await until(new Promise<never>(() => {}), shell.signal);
  } catch (error) {
    progress.abandon(shell.signal.aborted ? "interrupted" : "");
    if (!shell.signal.aborted) throw error;
  } finally {
    stopping = true;
    await stop(server, progress);
    progress.close();
  }
  if (!server) throw new Ended(exitCodes.interrupted);
}

async function check(
  path: string,
  folder: string,
  { modelControlMode: mode, loadModel = [] }: ServeOptions,
): Promise<void> {
  if (loadModel.length > 0 && mode !== "explicit")
    throw new UsageError(`--load-model is for --model-control-mode explicit; found ${mode}`);
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new DomainError("not-found", `there is no ${folder}; ${layout}`);
  if (!found.isDirectory() && !(found.isFile() && path.endsWith(".onnx")))
    throw new DomainError(
      "invalid-argument",
      `${folder} is no folder and no .onnx file; ${layout}`,
    );
}

function answering(served: readonly ServedVersion[]): number {
  return new Set(served.flatMap(({ name, state }) => (state === "READY" ? [name] : []))).size;
}

function announce(
  session: Session,
  { http, grpc, metrics, pid }: ModelServer,
  served: readonly ServedVersion[],
  progress: Progress,
): void {
  const { style } = progress.view;
  if (session.json) session.printJson({ http, grpc, metrics, pid, models: served });
  const request = firstRequest(reachable(http), served);
  const reasons = reasonLines(served, style);
  const lines = [
    ...(served.length > 0 ? servedTable(served, style) : ["No models yet."]),
    ...(reasons.length > 0 ? ["", ...reasons] : []),
    "",
    `REST      http://${http}   ${style.dim(`what there is: http://${reachable(http)}/v2/docs`)}`,
    `gRPC      ${grpc}`,
    `metrics   http://${metrics}/metrics`,
    "",
    ...(request === undefined ? [] : ["Try:", `  ${request}`, ""]),
    style.dim("Ctrl-C stops the server when it has answered."),
  ];
  progress.print(["", ...lines.map((line) => (line === "" ? "" : `   ${line}`)), ""]);
}

/** An address to ask at, where the one to listen at is all of them. */
function reachable(address: string): string {
  return address.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
}

async function stop(server: ModelServer | undefined, progress: Progress): Promise<void> {
  if (!server) return;
  const phase = progress.begin("Stop");
  phase.detail("press Ctrl-C again to stop at once");
  await server.stop();
  phase.done("the server has stopped");
}
