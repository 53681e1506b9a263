/** A whole scheduler in this process, on a loopback port, with a client of its jobs. */
import { readConfig } from "@amaas/config";
import { JobsDefinition } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { type Client, createClient, createServer } from "@amaas/rpc";
import { createApp } from "@amaas/scheduler/app";
import { configTable } from "@amaas/scheduler/config";
import { nullTelemetry, type PastSpan, type Telemetry } from "@amaas/telemetry";

export interface SchedulerServer {
  readonly address: string;
  readonly port: number;
  readonly jobs: Client<typeof JobsDefinition>;
  stop(): Promise<void>;
}

export interface SchedulerOptions {
  readonly folder: string;
  readonly databaseUrl?: string;
  readonly registry: string;
  readonly port?: number;
  readonly telemetry?: Telemetry;
}

export async function startSchedulerServer({
  folder,
  databaseUrl = `sqlite:${folder}/scheduler.db`,
  registry,
  port = 0,
  telemetry = nullTelemetry(),
}: SchedulerOptions): Promise<SchedulerServer> {
  const settings = readConfig(configTable, {
    AMAAS_DATABASE_URL: databaseUrl,
    AMAAS_BLOBS_URL: `file://${folder}/blobs`,
    AMAAS_REGISTRY_ADDRESS: registry,
    AMAAS_NODE_GRACE_SECONDS: "1",
  });
  const common = {
    host: "127.0.0.1",
    port,
    httpPort: 0,
    nodeId: "scheduler-1",
    logLevel: "silent",
    drainSeconds: 1,
    advertise: undefined,
  };
  const app = await createApp({ config: { ...common, ...settings }, telemetry });
  const server = createServer({ telemetry, services: [...app.services] });
  const bound = await server.listen("127.0.0.1", port);
  const address = `127.0.0.1:${bound}`;
  const jobs = createClient(JobsDefinition, address, { telemetry: nullTelemetry() });
  return {
    address,
    port: bound,
    jobs,
    async stop() {
      await app.drain?.();
      await server.drain(1_000);
      await app.close();
      jobs.close();
    },
  };
}

/** Telemetry that remembers the spans of phases. */
export function rememberingTelemetry() {
  const spans: (PastSpan & { traceparent: string })[] = [];
  const nothing = nullTelemetry();
  const record = (traceparent: string, span: PastSpan) => void spans.push({ traceparent, ...span });
  const telemetry: Telemetry = { ...nothing, tracer: { ...nothing.tracer, record } };
  return { spans, telemetry };
}
