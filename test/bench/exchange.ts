/**
 * How fast parameters are exchanged: the real ParameterServer.Exchange between two processes against
 * raw node:http2 with messages of the same size, and between the two our gRPC alone.
 *
 * Every round runs all of them, one after the other; the ratios are those of the medians. CPU time is told
 * besides, since it says what a busy machine does to neither.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { allowGarbage } from "@amaas/service";
import { startHostedServer } from "./exchange/hosted-server.ts";
import { plainClient } from "./exchange/plain.ts";
import { rawClient } from "./exchange/raw.ts";
import type { Runner } from "./exchange/runner.ts";
import { chunkBytes, type Direction, directions, messages, parameters } from "./exchange/sizes.ts";
import { Worker } from "./exchange/worker.ts";
import { benchOptions } from "./options.ts";
import { cpuSeconds } from "./process-usage.ts";
import { printReport, tell } from "./report.ts";
import { median, round } from "./statistics.ts";

const given = benchOptions({ rounds: { default: "9", what: "of which medians are taken" } });
const rounds = Number(given.rounds);
const target = 0.6;
const waysOf = { up: 1, down: 1, both: 2 } as const;

interface Contender {
  readonly name: string;
  readonly runner: Runner;
  /** Of the other side. */
  readonly pid: number;
  readonly measured: Record<Direction, Measured[]>;
}

interface Measured {
  /** Payload, both ways together. */
  readonly mbPerSecond: number;
  /** For a GB of payload, here and at the other side. */
  readonly workerCpuSeconds: number;
  readonly serverCpuSeconds: number;
}

// As the services do; the yardstick profits as well.
allowGarbage();
const peer = fork(fileURLToPath(new URL("exchange/peer.ts", import.meta.url)), {
  execArgv: ["--disable-warning=ExperimentalWarning"],
});
const [ports] = (await once(peer, "message")) as [{ raw: number; wide: number; rpc: number }];
const server = await startHostedServer();
const worker = new Worker(server.address);
await worker.begin();

const contender = (name: string, runner: Runner, pid = peer.pid ?? 0): Contender => ({
  name,
  runner,
  pid,
  measured: { up: [], down: [], both: [] },
});
const yardsticks = [
  contender("node:http2, its own windows", rawClient(ports.raw, false)),
  contender("node:http2, wide windows", rawClient(ports.wide, true)),
];
const exchange = contender("parameter exchange", worker, server.pid);
const contenders = [...yardsticks, contender("gRPC alone", plainClient(ports.rpc)), exchange];

try {
  tell("one round that does not count");
  await runAll(() => {});
  for (let index = 1; index <= rounds; index++) {
    tell(`round ${index} of ${rounds}`);
    await runAll(({ measured }, direction, result) => measured[direction].push(result));
  }
} finally {
  await Promise.all(contenders.map(({ runner }) => runner.close()));
  await server.stop();
  peer.disconnect();
}

async function runAll(
  record: (contender: Contender, direction: Direction, measured: Measured) => void,
): Promise<void> {
  for (const direction of directions)
    for (const each of contenders) record(each, direction, await measure(each, direction));
}

async function measure({ runner, pid }: Contender, direction: Direction): Promise<Measured> {
  const cpuBefore = [cpuSeconds(process.pid), cpuSeconds(pid)] as const;
  const began = performance.now();
  await runner.run(direction);
  const seconds = (performance.now() - began) / 1000;
  const gigabytes = (waysOf[direction] * messages * chunkBytes) / 1e9;
  const measured = {
    mbPerSecond: (gigabytes * 1000) / seconds,
    workerCpuSeconds: (cpuSeconds(process.pid) - cpuBefore[0]) / gigabytes,
    serverCpuSeconds: (cpuSeconds(pid) - cpuBefore[1]) / gigabytes,
  };
  await runner.settle(direction);
  return measured;
}

function medianOf(each: Contender, direction: Direction, what: keyof Measured): number {
  return median(each.measured[direction].map((measured) => measured[what]));
}

/** Against the faster of the two yardsticks. */
function ofRaw(each: Contender, direction: Direction): number {
  const raw = yardsticks.map((yardstick) => medianOf(yardstick, direction, "mbPerSecond"));
  return round(medianOf(each, direction, "mbPerSecond") / Math.max(...raw), 2);
}

function figuresOf(each: Contender, direction: Direction) {
  return {
    mbPerSecond: round(medianOf(each, direction, "mbPerSecond")),
    ofRaw: ofRaw(each, direction),
    workerCpuSeconds: round(medianOf(each, direction, "workerCpuSeconds"), 2),
    serverCpuSeconds: round(medianOf(each, direction, "serverCpuSeconds"), 2),
  };
}

printReport({
  bench: "exchange",
  header: ["MB/s of payload", ...directions.flatMap((way) => [way, "of raw", "CPU s/GB"])],
  rows: contenders.map((each) => [
    each.name,
    ...directions.flatMap((direction) => {
      const figures = figuresOf(each, direction);
      return [
        String(figures.mbPerSecond),
        figures.ofRaw.toFixed(2),
        `${figures.workerCpuSeconds.toFixed(2)}+${figures.serverCpuSeconds.toFixed(2)}`,
      ];
    }),
  ]),
  targets: directions.map((direction) => ({
    what: `parameter exchange, ${direction}, of raw node:http2`,
    wanted: `>= ${target}`,
    found: ofRaw(exchange, direction).toFixed(2),
    met: ofRaw(exchange, direction) >= target,
  })),
  figures: {
    parameters,
    messageBytes: chunkBytes,
    messages,
    rounds,
    contenders: contenders.map((each) => ({
      name: each.name,
      ...Object.fromEntries(directions.map((way) => [way, figuresOf(each, way)] as const)),
    })),
  },
});
