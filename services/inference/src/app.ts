/** The inference service, put together: models that follow their source, and batchers for them. */
import { Room, Slots } from "@amaas/batching";
import type { Bus } from "@amaas/events";
import type { RpcServer } from "@amaas/rpc";
import type { App, CommonConfig } from "@amaas/service";
import type { Telemetry } from "@amaas/telemetry";
import { BackgroundThreads } from "./background/background.ts";
import { Budget } from "./budget.ts";
import type { InferenceConfig } from "./config.ts";
import { createEvents } from "./events.ts";
import { grpc, handlers } from "./handlers/index.ts";
import type { RestLimits } from "./http/limits.ts";
import { createRestServer } from "./http/rest-server.ts";
import { createInfer } from "./infer.ts";
import { LoadReports } from "./load-reports.ts";
import { openEngine } from "./open-engine.ts";
import { createOpener } from "./open-version.ts";
import { Repository } from "./repository.ts";
import { ResponseCache } from "./response-cache.ts";
import { Slabs } from "./slabs.ts";
import { openSource } from "./sources/open-source.ts";
import { limitsOf } from "./tenants.ts";
import { TraceSettings, tracedBy } from "./trace-settings.ts";

/** Of the inputs of runs, kept for the next ones. */
const slabBytes = 64 * 2 ** 20;

export interface Parts {
  readonly config: InferenceConfig & Pick<CommonConfig, "nodeId" | "host" | "drainSeconds">;
  readonly telemetry: Telemetry;
  /** The one that the configuration asks for, unless another is given. */
  readonly bus?: Bus;
  /** Besides what the configuration says. */
  readonly restLimits?: Partial<RestLimits>;
}

export interface InferenceApp extends App {
  readonly restPort: number;
}

export async function createApp({
  config,
  telemetry,
  bus,
  restLimits,
}: Parts): Promise<InferenceApp> {
  const { tracer } = telemetry;
  const events = createEvents(telemetry);
  const background = new BackgroundThreads();
  const { source, ...hints } = await openSource({ config, telemetry, events, background, bus });

  const engine = openEngine({ config, telemetry, background });
  const limits = limitsOf(config.tenants);
  const budget = budgetOf(config);
  if (budget) events.budgetSet(budget);
  const open = createOpener({
    loader: engine.loader,
    budget,
    common: {
      slots: new Slots(engine.cores),
      room: new Room({ bytes: config.queueMebibytes * 2 ** 20 }),
      slabs: new Slabs(slabBytes),
      cache: new ResponseCache({ bytes: config.answerMebibytes * 2 ** 20 }),
      weightOf: (tenant) => limits.weightOf(tenant),
      queueLimit: config.queueLimit,
      events,
    },
    events,
    tracer,
  });

  let health: Pick<RpcServer, "setServing"> | undefined;
  const repository = new Repository({
    source,
    open,
    onServing: (model, serving) => health?.setServing(model, serving),
    announce: hints.announce,
    events,
    tracer,
  });

  hints.watch(() => repository.refresh());
  repository.refresh();

  const traces = new TraceSettings(tracer.share);
  tracer.sampleRoots(traces.sampleRoot);
  const infer = tracedBy(traces, createInfer({ repository, limits, events }));
  const { serverName } = config;
  const { log } = telemetry;
  const stopping = new AbortController();
  const methods = handlers({
    repository,
    events,
    infer,
    traces,
    log,
    stopping: stopping.signal,
    serverName,
  });
  const reports = new LoadReports({
    statistics: events.statistics,
    cores: engine.cores,
    always: config.loadReports === "always",
  });
  const rest = createRestServer({
    telemetry,
    handlers: methods,
    limits: { jsonBytes: config.restJsonMebibytes * 2 ** 20, ...restLimits },
  });
  const restPort = await rest.listen(config.host, config.restPort);
  telemetry.log.info("listening for REST", { host: config.host, port: restPort });

  return {
    services: grpc(methods, reports),
    restPort,
    listening(_address, server) {
      health = server;
      for (const { name, serving } of repository.models())
        server.setServing(name, serving !== undefined);
    },
    ready: () => repository.ready || `the ${source.kind} has not been read yet`,
    async drain() {
      hints.stopWatching();
      repository.stop();
      reports.stop();
      stopping.abort();
      // Goes on beside gRPC's own; waited for in `close`.
      void rest.drain(config.drainSeconds * 1000);
      for (const { name } of repository.models()) health?.setServing(name, false);
    },
    async close() {
      hints.stopWatching();
      await rest.drain(0);
      await repository.close();
      events.statistics.stop();
      await engine.close();
      await background.close();
      await hints.close();
    },
  };
}

/** 0 is none: everything is loaded at once, and stays. */
function budgetOf({ memoryMebibytes }: InferenceConfig): Budget | undefined {
  return memoryMebibytes === 0 ? undefined : new Budget({ bytes: memoryMebibytes * 2 ** 20 });
}
