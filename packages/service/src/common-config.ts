/** The environment variables that every service has. */
import { hostname } from "node:os";
import { type ConfigOf, integer, optional, text } from "@amaas/config";

/** The gRPC port where none is given; HTTP is 100 above it unless stated. */
const ports = {
  scheduler: { grpc: 7101 },
  registry: { grpc: 7102 },
  "parameter-server": { grpc: 7103 },
  trainer: { grpc: 7104 },
  // As Triton has them.
  inference: { grpc: 8001, http: 8002 },
} satisfies Record<string, { grpc: number; http?: number }>;

export type ServiceName = keyof typeof ports;

const port = { min: 0, max: 65_535 };

export function commonTable(name: ServiceName) {
  return {
    host: text("AMAAS_HOST", { default: "127.0.0.1", describe: "address to listen on" }),
    port: integer("AMAAS_PORT", {
      ...port,
      default: ports[name].grpc,
      describe: "gRPC port; 0 takes a free one",
    }),
    httpPort: optional(
      integer("AMAAS_HTTP_PORT", {
        ...port,
        describe: "port of /livez, /readyz and /metrics; 0 takes a free one",
      }),
    ),
    nodeId: text("AMAAS_NODE_ID", {
      default: `${name}-${hostname()}`,
      describe: "name of this process, the same after a restart",
    }),
    logLevel: text("AMAAS_LOG_LEVEL", {
      default: "info",
      choices: ["debug", "info", "warn", "error", "silent"],
      describe: "least level that is logged",
    }),
    drainSeconds: integer("AMAAS_DRAIN_SECONDS", {
      default: 10,
      min: 0,
      max: 3_600,
      describe: "how long calls in flight may take at the stop",
    }),
    advertise: optional(
      text("AMAAS_ADVERTISE", { describe: "host:port at which others reach this process" }),
    ),
  };
}

export type CommonConfig = ConfigOf<ReturnType<typeof commonTable>>;

/** HTTP is beside a chosen gRPC port; a free gRPC port asks for a free HTTP port too. */
export function httpPortOf(name: ServiceName, config: CommonConfig): number {
  if (config.httpPort !== undefined) return config.httpPort;
  if (config.port === 0) return 0;
  const known: { grpc: number; http?: number } = ports[name];
  return known.http !== undefined && config.port === known.grpc ? known.http : config.port + 100;
}

/** Where others reach this process. */
export function addressOf(config: CommonConfig, boundPort: number): string {
  if (config.advertise !== undefined) return config.advertise;
  const everywhere = config.host === "0.0.0.0" || config.host === "::";
  return hostPort(everywhere ? hostname() : config.host, boundPort);
}

export function hostPort(host: string, boundPort: number): string {
  return host.includes(":") ? `[${host}]:${boundPort}` : `${host}:${boundPort}`;
}
