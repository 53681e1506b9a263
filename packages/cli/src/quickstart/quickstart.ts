/**
 * The quickstart as the user meets it: a suite of its own, the digits' way through it, what came
 * out, and nothing left behind however it ends.
 */
import { DomainError } from "@amaas/errors";
import { Ended, exitCodes } from "../failure.ts";
import type { Session } from "../session.ts";
import { endpointTable, reachText } from "../suite-text.ts";
import { counted, duration } from "../terminal/figures.ts";
import type { Progress } from "../terminal/progress.ts";
import type { Style } from "../terminal/style.ts";
import { until } from "../until.ts";
import { trainAndAsk } from "./digits.ts";
import { type Report, reportBox } from "./report.ts";
import { openStage, type Stage } from "./stage.ts";

export interface QuickstartOptions {
  readonly keep?: true;
}

/** What the example asks for, and one replica to answer. */
const size = { trainers: 2, servers: 2, inference: 1 };
/** Far more than it takes; what hangs must not hang for ever. */
const longestRunMs = 10 * 60 * 1000;
/** scikit-learn's perceptron of the same size reaches 0.93 to 0.95 on such splits. */
const wantedAccuracy = 0.94;

export async function runQuickstart(session: Session, options: QuickstartOptions): Promise<void> {
  const began = performance.now();
  const limit = AbortSignal.timeout(longestRunMs);
  const signal = AbortSignal.any([session.shell.signal, limit]);
  const progress = session.openProgress();
  progress.print(header(progress.view.style));
  try {
    await onStage(session, progress, signal, async (stage) => {
      const report = await session.connectTo("quickstart", stage.suite.endpoints, (connection) =>
        trainAndAsk({ ...connection, progress, signal, scratch: stage.scratch, began }),
      );
      conclude(session, progress, report);
      if (options.keep) await keep(session, progress, stage);
    });
  } catch (error) {
    if (session.shell.signal.aborted) throw new Ended(exitCodes.interrupted);
    if (!limit.aborted) throw error;
    throw new DomainError(
      "deadline-exceeded",
      `the run took longer than ${duration(longestRunMs)}`,
    );
  } finally {
    progress.close();
  }
}

async function onStage(
  session: Session,
  progress: Progress,
  signal: AbortSignal,
  use: (stage: Stage) => Promise<void>,
): Promise<void> {
  const start = progress.begin("Start");
  const stage = await openStage(size);
  session.shell.onImpatience(() => void stage.suite.stop(0));
  try {
    await until(stage.suite.ready(), signal);
    start.done(`${counted(stage.suite.processes.size, "process", "processes")} on free ports`);
    await use(stage);
  } catch (error) {
    progress.abandon(session.shell.signal.aborted ? "interrupted" : "");
    if (!session.shell.signal.aborted)
      progress.print([
        "",
        " The end of the services' logs:",
        ...stage.tail(progress.view.style),
        "",
      ]);
    throw error;
  } finally {
    const stop = progress.begin("Stop");
    await stage.close();
    stop.done("no process and no file is left");
  }
}

/** The JSON object is the only line on stdout; the box is for people. */
function conclude(session: Session, progress: Progress, report: Report): void {
  progress.print([...reportBox(report, progress.view).map((line) => ` ${line}`), ""]);
  if (session.json) session.printJson(report);
  if (report.testAccuracy < wantedAccuracy)
    throw new DomainError(
      "failed-precondition",
      `the test accuracy is ${report.testAccuracy.toFixed(4)}, wanted at least ${wantedAccuracy}`,
    );
}

async function keep(session: Session, progress: Progress, { suite }: Stage): Promise<void> {
  const { style } = progress.view;
  const { command: amaas, signal, directory } = session.shell;
  const lines = [
    ...endpointTable(suite, style),
    "",
    "The suite stays.",
    ...reachText(suite, directory),
    `  ${amaas} model digits`,
    "",
    style.dim("Ctrl-C stops it."),
  ];
  progress.print([...lines.map((line) => (line === "" ? "" : `   ${line}`)), ""]);
  const ended = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => ended.resolve(), { once: true });
  if (!signal.aborted) await Promise.race([ended.promise, suite.exited]);
}

function header(style: Style): string[] {
  const title = style.bold("AMaaS");
  return [
    "",
    ` ${title} ${style.dim("· from handwritten digits to answered requests, on this machine")}`,
    "",
  ];
}
