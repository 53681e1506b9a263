/**
 * How fast parameters are exchanged: the real ParameterServer.Exchange between two processes against
 * raw node:http2 with messages of the same size, and between the two our gRPC alone.
 *
 * Every round runs all of them, one after the other; the ratios are those of the medians.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { allowGarbage } from "@amaas/service";
import { startHostedServer } from "./exchange/hosted-server.ts";
import { plainClient } from "./exchange/plain.ts";
import { rawClient } from "./exchange/raw.ts";
import type { Runner } from "./exchange/runner.ts";
import { chunkBytes, type Direction, directions, messages, parameters } from "./exchange/sizes.ts";
import { Worker } from "./exchange/worker.ts";
import { cpuSeconds } from "./process-usage.ts";
import { printReport, tell } from "./report.ts";
import { median, round } from "./statistics.ts";

const { values: given } = parseArgs({
  options: { output: { type: "string" }, rounds: { type: "string", default: "7" } },
});
const rounds = Number(given.rounds);
const target = 0.6;
const waysOf = { up: 1, down: 1, both: 2 } as const;

interface Contender {
  readonly name: string;
  readonly runner: Runner;
  /** Of the other side. */
  readonly pid: number;
}

interface Measured {
  /** Payload, both ways together. */
  readonly mbPerSecond: number;
  /** Per GB of payload, here and at the other side. */
  readonly cpuHere: number;
  readonly cpuThere: number;
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
const peerPid = peer.pid ?? 0;
const contenders: readonly Contender[] = [
  { name: "node:http2, its own windows", runner: rawClient(ports.raw, false), pid: peerPid },
  { name: "node:http2, wide windows", runner: rawClient(ports.wide, true), pid: peerPid },
  { name: "gRPC alone", runner: plainClient(ports.rpc), pid: peerPid },
  { name: "parameter exchange", runner: worker, pid: server.pid },
];

const results = new Map<string, Measured[]>();
const key = (name: string, direction: Direction) => `${name}/${direction}`;
try {
  for (let index = 0; index <= rounds; index++) {
    tell(index === 0 ? "one round that does not count" : `round ${index} of ${rounds}`);
    for (const direction of directions)
      for (const contender of contenders) {
        const measured = await measure(contender, direction);
        const all = results.get(key(contender.name, direction)) ?? [];
        if (index > 0) results.set(key(contender.name, direction), [...all, measured]);
      }
  }
} finally {
  await Promise.all(contenders.map(({ runner }) => runner.close()));
  await server.stop();
  peer.disconnect();
}

async function measure({ runner, pid }: Contender, direction: Direction): Promise<Measured> {
  const before = { here: cpuSeconds(process.pid), there: cpuSeconds(pid) };
  const began = performance.now();
  await runner.run(direction);
  const seconds = (performance.now() - began) / 1000;
  const after = { here: cpuSeconds(process.pid), there: cpuSeconds(pid) };
  await runner.settle(direction);
  const megabytes = (waysOf[direction] * messages * chunkBytes) / 1e6;
  return {
    mbPerSecond: megabytes / seconds,
    cpuHere: ((after.here - before.here) / megabytes) * 1e3,
    cpuThere: ((after.there - before.there) / megabytes) * 1e3,
  };
}

/** Against the faster of the two yardsticks. */
const throughput = (name: string, direction: Direction) =>
  median((results.get(key(name, direction)) ?? []).map(({ mbPerSecond }) => mbPerSecond));
const [narrow, wide, , exchange] = contenders.map(({ name }) => name) as [
  string,
  string,
  string,
  string,
];
const yardstick = (direction: Direction) =>
  Math.max(throughput(narrow, direction), throughput(wide, direction));
const ratio = (name: string, direction: Direction) =>
  round(throughput(name, direction) / yardstick(direction), 2);

const figures = contenders.map(({ name }) => ({
  name,
  ...Object.fromEntries(
    directions.map((direction) => {
      const all = results.get(key(name, direction)) ?? [];
      return [
        direction,
        {
          mbPerSecond: round(throughput(name, direction)),
          ratio: ratio(name, direction),
          workerCpuSecondsPerGb: round(median(all.map(({ cpuHere }) => cpuHere)), 2),
          serverCpuSecondsPerGb: round(median(all.map(({ cpuThere }) => cpuThere)), 2),
        },
      ] as const;
    }),
  ),
}));

printReport({
  bench: "exchange",
  header: ["MB/s of payload", ...directions.flatMap((direction) => [direction, "of raw"])],
  rows: contenders.map(({ name }) => [
    name,
    ...directions.flatMap((direction) => [
      throughput(name, direction).toFixed(0),
      ratio(name, direction).toFixed(2),
    ]),
  ]),
  targets: directions.map((direction) => ({
    what: `parameter exchange, ${direction}, of raw node:http2`,
    wanted: `>= ${target}`,
    found: ratio(exchange, direction).toFixed(2),
    met: ratio(exchange, direction) >= target,
  })),
  figures: { parameters, messageBytes: chunkBytes, messages, rounds, contenders: figures },
});
