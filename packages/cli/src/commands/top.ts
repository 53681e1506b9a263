/** `amaas top`: what the models of some replicas do, again and again on a terminal, once elsewhere. */
import { setTimeout as wait } from "node:timers/promises";
import { DomainError } from "@amaas/errors";
import { type Command, InvalidArgumentError } from "commander";
import { type Cli, examples } from "../cli.ts";
import { Ended, exitCodes } from "../failure.ts";
import { requireListener } from "../reach.ts";
import type { Session } from "../session.ts";
import { isLive } from "../shell.ts";
import { counted } from "../terminal/figures.ts";
import { openScreen } from "../terminal/screen.ts";
import { frame, type ReplicaFigures } from "../top/frame.ts";
import { type Leaving, onLeavingKey } from "../top/keys.ts";
import { Replica } from "../top/replica.ts";

interface Options {
  readonly once?: true;
  readonly interval: number;
}

export function top(command: Command, cli: Cli): void {
  command
    .description(
      "Shows what the models of inference services do: on a terminal again and again until q or Ctrl-C, elsewhere once.",
    )
    .argument(
      "[address...]",
      "host:port of each replica; the inference service where none is given",
    )
    .option("--once", "show it once, since the models were loaded")
    .option("--interval <seconds>", "time between two looks", seconds, 2)
    .addHelpText(
      "after",
      `
REQ/S, P50, P99, WAIT (in the queue), BATCH (rows of a run) and CACHE (hits) are
of the last ten seconds, or, when shown once, since the version was loaded;
REQ/S is then of the seconds before. FAILED is since the version was loaded,
QUEUED is now, and HEADROOM is how many more requests a second could be taken.
${examples("amaas top", "amaas top 10.0.0.1:8001 10.0.0.2:8001", "amaas top --output json")}`,
    )
    .action(
      cli.lasting(async (session, given: string[], options: Options) => {
        const addresses = await session.addresses();
        const chosen = given.length > 0 ? [...new Set(given)] : [addresses.inference];
        const replicas = chosen.map((address) => new Replica(address, addresses));
        try {
          const once = options.once || session.json || !isLive(session.shell, session.shell.stdout);
          if (once) await showOnce(session, replicas);
          else await watch(session, replicas, options.interval);
        } finally {
          for (const replica of replicas) replica.close();
        }
      }),
    );
}

function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0.1 && value <= 3600) return value;
  throw new InvalidArgumentError("Wanted seconds from 0.1 to 3600.");
}

function look(replicas: readonly Replica[], signal: AbortSignal): Promise<ReplicaFigures[]> {
  return Promise.all(replicas.map((replica) => replica.look(signal)));
}

/** Fails if no replica answers; those that do not are told of beside those that do. */
async function showOnce(session: Session, replicas: readonly Replica[]): Promise<void> {
  const [first, ...others] = replicas;
  if (first !== undefined && others.length === 0)
    await requireListener("inference service", first.address);
  const figures = await look(replicas, session.shell.signal);
  if (session.shell.signal.aborted) throw new Ended(exitCodes.interrupted);
  if (figures.every(({ fault }) => fault !== undefined))
    throw new DomainError(
      "unavailable",
      figures.map(({ address, fault }) => `${address}: ${fault}`).join("\n"),
    );
  if (session.json) session.printJson({ at: new Date(), replicas: figures });
  else session.print(...frame(figures, session.style));
}

async function watch(
  session: Session,
  replicas: readonly Replica[],
  interval: number,
): Promise<void> {
  const { signal, input, stdout } = session.shell;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  let leaving: Leaving = "interrupted";
  const giveBack = onLeavingKey(input, (how) => {
    leaving = how;
    over.abort();
  });
  const screen = openScreen(stdout);
  try {
    while (!until.aborted) {
      const figures = await look(replicas, until);
      if (until.aborted) break;
      screen.draw([headline(replicas, session), ...frame(figures, session.style)]);
      await wait(interval * 1000, undefined, { signal: until }).catch(() => undefined);
    }
  } finally {
    screen.close();
    giveBack();
  }
  if (leaving === "interrupted") throw new Ended(exitCodes.interrupted);
}

function headline(replicas: readonly Replica[], { style }: Session): string {
  const [first, ...others] = replicas;
  const where = others.length === 0 ? first?.address : counted(replicas.length, "replica");
  const time = new Date().toTimeString().slice(0, 8);
  return `${style.bold("amaas top")}  ${where}  ${time}  ${style.dim("q leaves")}`;
}
