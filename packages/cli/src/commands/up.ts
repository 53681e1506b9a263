/** `amaas up`: the suite in the foreground, until Ctrl-C. */
import { resolve } from "node:path";
import type { Suite } from "@amaas/suite";
import type { Command } from "commander";
import { type Cli, examples, wholeNumber } from "../cli.ts";
import { Ended, exitCodes } from "../failure.ts";
import { type LogFormat, logFormatOption, openLogProgress, showLine } from "../log-display.ts";
import { passedOn } from "../passed-on.ts";
import type { Session } from "../session.ts";
import { endpointTable, exitText, reachText } from "../suite-text.ts";
import { counted } from "../terminal/figures.ts";
import type { Progress } from "../terminal/progress.ts";
import { until } from "../until.ts";

interface UpOptions {
  readonly directory: string;
  readonly trainers: number;
  readonly servers: number;
  readonly replicas: number;
  readonly freePorts?: true;
  readonly logFormat: LogFormat;
}

/** They tell one process what it is; the suite tells each its own. */
const ofOneProcess = /^AMAAS_(HOST|PORT|HTTP_PORT|NODE_ID|ADVERTISE|[A-Z]+_ADDRESS)$/;

export function up(command: Command, cli: Cli): void {
  const upTo = (most: number) => wholeNumber(1, most);
  command
    .description(
      `Starts every service on this machine and stays until Ctrl-C, which stops them in order; the state is there again on the next start. A process that crashes is restarted.

AMAAS_DATABASE_URL, AMAAS_NATS_URL, AMAAS_LOG_LEVEL and the services' other variables are passed on.`,
    )
    .option("-d, --directory <folder>", "where the state is kept", ".amaas")
    .option("--trainers <count>", "trainers", upTo(64), 2)
    .option("--servers <count>", "parameter servers", upTo(64), 2)
    .option("--replicas <count>", "inference replicas", upTo(64), 1)
    .option("--free-ports", "take free ports instead of the standard ones")
    .addOption(logFormatOption())
    .addHelpText("after", examples("amaas up", "amaas up --trainers 4 --directory /srv/amaas"))
    .action(cli.lasting(run));
}

async function run(session: Session, options: UpOptions): Promise<void> {
  const { shell } = session;
  const { startSuite } = await import("@amaas/suite");
  const progress = openLogProgress(session, options.logFormat);
  const started = progress.begin("Start");
  let suite: Suite | undefined;
  let stopping = false;
  try {
    suite = await startSuite({
      directory: resolve(shell.directory, options.directory),
      trainers: options.trainers,
      servers: options.servers,
      inference: options.replicas,
      ports: options.freePorts ? "free" : "standard",
      env: passedOn(shell.env, ofOneProcess),
      onLine: (process, line) => showLine(session, options.logFormat, progress, process, line),
      onExit: (process, exit) => {
        if (!stopping && !shell.signal.aborted) progress.print([exitText(process, exit)]);
      },
    });
    const running = suite;
    shell.onImpatience(() => void running.stop(0));
    await until(suite.ready(), shell.signal);
    started.done(counted(suite.processes.size, "process", "processes"));
    announce(session, suite, progress);
    await until(suite.exited, shell.signal);
  } catch (error) {
    progress.abandon(shell.signal.aborted ? "interrupted" : "");
    if (!shell.signal.aborted) throw error;
  } finally {
    stopping = true;
    await stop(suite, progress);
    progress.close();
  }
  if (!suite) throw new Ended(exitCodes.interrupted);
}

async function stop(suite: Suite | undefined, progress: Progress): Promise<void> {
  if (!suite) return;
  const phase = progress.begin("Stop");
  phase.detail("press Ctrl-C again to stop at once");
  await suite.stop();
  phase.done("everything has stopped");
}

function announce(session: Session, suite: Suite, progress: Progress): void {
  const { style } = progress.view;
  if (session.json) session.printJson({ directory: suite.directory, ...suite.endpoints });
  const { command: amaas, directory } = session.shell;
  const lines = [
    ...endpointTable(suite, style),
    "",
    `State is kept in ${suite.directory}.`,
    "",
    ...reachText(suite, directory),
    `  ${amaas} example penguins`,
    `  ${amaas} train penguins/job.yaml --follow`,
    `  ${amaas} models`,
    "",
    style.dim("Ctrl-C stops the suite."),
  ];
  progress.print(["", ...lines.map((line) => (line === "" ? "" : `   ${line}`)), ""]);
}
