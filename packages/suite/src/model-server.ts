/**
 * One inference service on a folder of models and nothing else: a child process that comes back on its
 * ports when it crashes, and ends with whoever started it.
 */
import { inheritedEnvironment } from "./environment.ts";
import { portsOrFree } from "./ports.ts";
import { sparing } from "./sparing.ts";
import { type Exit, SupervisedProcess } from "./supervised-process.ts";
import { mainOf } from "./topology.ts";

export interface ModelServerOptions {
  readonly folder: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly ports: { readonly http: number; readonly grpc: number; readonly metrics: number };
  readonly mode: "none" | "poll" | "explicit";
  readonly pollSeconds: number;
  /** In mode explicit, what to begin with; "*" is all. */
  readonly models: readonly string[];
  /** More variables of the service. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  readonly onExit?: (exit: Exit) => void;
}

export interface ModelServer {
  /** host:port of each. */
  readonly http: string;
  readonly grpc: string;
  readonly metrics: string;
  /** Absent while it is down. */
  readonly pid: number | undefined;
  /** Resolves once it has been ready; rejects once that has become hopeless. */
  readonly ready: Promise<void>;
  /** Lets requests end; kills it when the grace is over. */
  stop(graceMs?: number): Promise<void>;
}

const name = "inference";
const defaultGraceMs = 20_000;

export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const { host, mode, models } = options;
  const ports = await portsOrFree(host, options.ports);
  const inherited = inheritedEnvironment();
  const at = (port: keyof typeof options.ports) => `${bracketed(host)}:${ports[port]}`;
  const planned = {
    name,
    role: name,
    index: 0,
    main: mainOf(name),
    grpc: at("grpc"),
    http: at("metrics"),
    env: {
      ...(options.env?.AMAAS_INFERENCE_MEMORY_MIB && sparing(inherited.NODE_OPTIONS)),
      ...options.env,
      AMAAS_MODEL_REPOSITORY: options.folder,
      AMAAS_MODEL_CONTROL_MODE: mode,
      AMAAS_REPOSITORY_POLL_SECONDS: String(options.pollSeconds),
      ...(models.length > 0 ? { AMAAS_LOAD_MODELS: models.join(",") } : {}),
      AMAAS_HOST: host,
      AMAAS_PORT: String(ports.grpc),
      AMAAS_HTTP_PORT: String(ports.metrics),
      AMAAS_REST_PORT: String(ports.http),
      AMAAS_NODE_ID: name,
    },
  } as const;
  const child = new SupervisedProcess(planned, inherited, true, {
    started: () => {},
    line: (line) => options.onLine?.(line),
    exited: (exit) => options.onExit?.(exit),
  });
  child.start();
  return {
    http: at("http"),
    grpc: at("grpc"),
    metrics: at("metrics"),
    get pid() {
      return child.pid;
    },
    ready: child.ready,
    async stop(graceMs = defaultGraceMs) {
      if (graceMs === 0) child.end();
      await child.stop(graceMs);
    },
  };
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
