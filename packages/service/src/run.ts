/**
 * The life of a service process: read the configuration, start, listen, become ready; on a
 * signal do the same backwards and exit with 0.
 *
 * Stopping: readiness and health turn off, the app drains, calls in flight finish, the app
 * closes, telemetry is flushed. A watchdog ends what hangs. Whatever nobody caught is logged
 * and ends the process with 1, since its state is not known any more.
 */
import { ConfigError, type ConfigOf, type ConfigTable, readConfig } from "@amaas/config";
import { errorMessage } from "@amaas/errors";
import { createServer, type RpcServer } from "@amaas/rpc";
import { createTelemetry, type Telemetry } from "@amaas/telemetry";
import type { App, ServiceContext } from "./app.ts";
import {
  addressOf,
  type CommonConfig,
  commonTable,
  hostPort,
  httpPortOf,
  type ServiceName,
} from "./common-config.ts";
import { openProbes } from "./probes.ts";
import { type Stop, startWatchdog, watchForStop } from "./stop.ts";

/** EX_CONFIG of sysexits.h. */
const exitConfig = 78;
const readinessPeriodMs = 100;

export interface ServiceOptions<T extends ConfigTable> {
  readonly name: ServiceName;
  readonly config: T;
  readonly start: (context: ServiceContext<ConfigOf<T>>) => Promise<App>;
}

export async function runService<T extends ConfigTable>(options: ServiceOptions<T>): Promise<void> {
  const stop = watchForStop();
  const config = configOrExit(options);
  const telemetry = createTelemetry({
    service: options.name,
    instance: config.nodeId,
    level: config.logLevel,
  });
  exitOnUncaught(telemetry);
  try {
    await live(options, config, telemetry, stop);
  } catch (error) {
    telemetry.log.error(`the service failed: ${errorMessage(error)}`, { error });
    await telemetry.shutdown();
    process.exit(1);
  }
  process.exit(0);
}

async function live<T extends ConfigTable>(
  { name, start }: ServiceOptions<T>,
  config: ConfigOf<T> & CommonConfig,
  telemetry: Telemetry,
  stop: Stop,
): Promise<void> {
  const { log } = telemetry;
  const drainMs = config.drainSeconds * 1_000;
  // From the signal on, so that a start that hangs can be stopped too.
  void stop.requested.then(() =>
    startWatchdog(drainMs + 5_000, () => log.error("stopping took too long, giving up")),
  );
  const address = Promise.withResolvers<string>();
  const app = await start({ config, telemetry, address: address.promise });
  const ready = () => (stop.isRequested() ? "stopping" : (app.ready?.() ?? true));

  const server = createServer({ telemetry, services: [...app.services] });
  server.setServing("", false);
  const port = await server.listen(config.host, config.port);
  const reachable = addressOf(config, port);
  address.resolve(reachable);
  app.listening?.(reachable, server);
  const probes = await openProbes({
    host: config.host,
    port: httpPortOf(name, config),
    telemetry,
    ready,
  });
  const grpc = hostPort(config.host, port);
  const http = hostPort(config.host, probes.port);
  log.info("listening", { grpc, http, address: reachable });
  tellSupervisor({ type: "amaas:listening", grpc, http });
  const readiness = followReadiness(ready, server, () => {
    log.info("ready");
    tellSupervisor({ type: "amaas:ready" });
  });

  const reason = await stop.requested;
  log.info("stopping", { reason });
  readiness.close();
  server.setServing("", false);
  await app.drain?.();
  await server.drain(drainMs);
  await app.close();
  await server.close();
  await probes.close();
  log.info("stopped");
  await telemetry.shutdown();
}

/** gRPC health follows the app's readiness. */
function followReadiness(
  ready: () => true | string,
  server: RpcServer,
  onReady: () => void,
): { close(): void } {
  let serving = false;
  let told = false;
  const look = () => {
    const now = ready() === true;
    if (now === serving) return;
    serving = now;
    server.setServing("", serving);
    if (serving && !told) onReady();
    told ||= serving;
  };
  look();
  const timer = setInterval(look, readinessPeriodMs);
  return { close: () => clearInterval(timer) };
}

function configOrExit<T extends ConfigTable>({
  name,
  config,
}: ServiceOptions<T>): ConfigOf<T> & CommonConfig {
  try {
    return readConfig({ ...commonTable(name), ...config }, process.env) as ConfigOf<T> &
      CommonConfig;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exit(exitConfig);
  }
}

function exitOnUncaught({ log }: Telemetry): void {
  const exit = (kind: string) => (error: unknown) => {
    log.error(`${kind}: ${errorMessage(error)}`, { error });
    process.exit(1);
  };
  process.on("uncaughtException", exit("uncaught exception"));
  process.on("unhandledRejection", exit("unhandled rejection"));
}

function tellSupervisor(message: { type: string; grpc?: string; http?: string }): void {
  // A supervisor that has gone is noticed as a disconnect; the message is just lost.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
