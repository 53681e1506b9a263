/**
 * How many small inferences one connection carries: as calls of their own, and on one stream. The replica
 * is a process of its own, and so, by its usage, is what a message costs it. Two clients: one that speaks
 * HTTP/2 by hand and costs little, and that of `packages/rpc`.
 */
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { startInferenceProcess } from "../inference/inference-process.ts";
import { row } from "../inference/inference-server.ts";
import { modelFolder } from "../inference/model-folder.ts";
import { scaling } from "../inference/models.ts";
import { inferFrame, rawClient, service } from "../inference/raw-client.ts";
import { benchOptions } from "./options.ts";
import { cpuSeconds } from "./process-usage.ts";
import { printReport, tell } from "./report.ts";

benchOptions();
const seconds = 4;
const inFlight = 200;

type Run = (until: number) => Promise<number>;

const models = await modelFolder();
await models.put("double/1/model.onnx", scaling(2));
const replica = await startInferenceProcess({ AMAAS_MODEL_REPOSITORY: models.path });
const raw = rawClient(replica.grpc);
const client = createClient(GRPCInferenceServiceDefinition, replica.grpc, {
  telemetry: nullTelemetry(),
});
const request = row("double", 1);
const message = Buffer.from(inferFrame(request));

/** So many callers, each of whom asks again when it is answered. */
function callers(ask: () => Promise<unknown>): Run {
  return async (until) => {
    let answered = 0;
    const caller = async () => {
      while (performance.now() < until) {
        await ask();
        answered += 1;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
    return answered;
  };
}

const rawStream: Run = (until) =>
  new Promise((resolve, reject) => {
    const call = raw.open(`${service}/ModelStreamInfer`);
    let answered = 0;
    let rest: Buffer = Buffer.alloc(0);
    const send = (count: number) => {
      if (count > 0) call.write(Buffer.concat(new Array<Buffer>(count).fill(message)));
    };
    call.on("data", (chunk: Buffer) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      let came = 0;
      while (at + 5 <= bytes.length) {
        const end = at + 5 + bytes.readUInt32BE(at + 1);
        if (end > bytes.length) break;
        at = end;
        came += 1;
      }
      rest = bytes.subarray(at);
      answered += came;
      if (performance.now() < until) send(came);
      else call.end();
    });
    call.on("error", reject);
    call.on("close", () => resolve(answered));
    send(inFlight);
  });

const clientStream: Run = async (until) => {
  let answered = 0;
  const requests = (function* () {
    while (performance.now() < until) yield request;
  })();
  for await (const _ of client.modelStreamInfer(requests)) answered += 1;
  return answered;
};

const runs = {
  "calls, by hand": callers(() => raw.send(`${service}/ModelInfer`, message)),
  "stream, by hand": rawStream,
  "calls, packages/rpc": callers(() => client.modelInfer(request)),
  "stream, packages/rpc": clientStream,
} satisfies Record<string, Run>;

interface Figure {
  readonly perSecond: number;
  /** Processor time of the replica for each message. */
  readonly replicaUs: number;
}

async function measure(run: Run): Promise<Figure> {
  const [cpu, started] = [cpuSeconds(replica.pid), performance.now()];
  const answered = await run(started + seconds * 1000);
  return {
    perSecond: (answered / (performance.now() - started)) * 1000,
    replicaUs: ((cpuSeconds(replica.pid) - cpu) / answered) * 1e6,
  };
}

const figures: Record<string, Figure> = {};
try {
  for (const run of Object.values(runs)) await run(performance.now() + 500);
  for (const [name, run] of Object.entries(runs)) {
    tell(name);
    figures[name] = await measure(run);
  }
} finally {
  client.close();
  raw.close();
  await replica.stop();
  await models.close();
}

const times = figures["stream, by hand"]!.perSecond / figures["calls, by hand"]!.perSecond;
printReport({
  bench: "stream",
  header: ["one connection", "messages/s", "replica's us each"],
  rows: Object.entries(figures).map(([name, { perSecond, replicaUs }]) => [
    name,
    perSecond.toFixed(0),
    replicaUs.toFixed(1),
  ]),
  targets: [
    {
      what: "messages on a stream, against calls",
      wanted: ">= 10x",
      found: `${times.toFixed(1)}x`,
      met: times >= 10,
    },
  ],
  figures,
});
