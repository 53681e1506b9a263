/**
 * One run of a command: its options, its two ways of speaking (text or one JSON document), and a
 * connection to the platform inside the command's own span, so that everything it causes is one trace.
 */
import { hostname } from "node:os";
import type { Amaas } from "@amaas/client";
import type { Telemetry } from "@amaas/telemetry";
import { type Addresses, type Given, resolveAddresses } from "./endpoints.ts";
import { requireListener } from "./reach.ts";
import { configOf, hasColours, isLive, type OutputStream, type Shell } from "./shell.ts";
import { liveProgress, type Progress, plainProgress } from "./terminal/progress.ts";
import { createStyle, type Style } from "./terminal/style.ts";

export interface GlobalOptions extends Given {
  readonly output: "text" | "json";
}

export interface Connection {
  readonly client: Amaas;
  /** The command's span. */
  readonly traceparent: string;
}

export class Session {
  readonly shell: Shell;
  readonly options: GlobalOptions;
  /** Of what stdout shows. */
  readonly style: Style;

  constructor(shell: Shell, options: GlobalOptions) {
    this.shell = shell;
    this.options = options;
    this.style = createStyle(hasColours(shell, shell.stdout));
  }

  get json(): boolean {
    return this.options.output === "json";
  }

  print(...lines: readonly string[]): void {
    for (const line of lines) this.shell.stdout.write(`${line}\n`);
  }

  /** The whole answer on one line. */
  printJson(document: unknown): void {
    this.shell.stdout.write(`${JSON.stringify(document)}\n`);
  }

  /** Beside the answer, and out of the way of whoever reads stdout. */
  note(...lines: readonly string[]): void {
    for (const line of lines) this.shell.stderr.write(`${line}\n`);
  }

  /** Progress goes where people read: beside the answer when that is a document. */
  openProgress(): Progress {
    const stream: OutputStream = this.json ? this.shell.stderr : this.shell.stdout;
    if (!isLive(this.shell, stream)) return this.openPlainProgress(stream);
    return liveProgress(stream, createStyle(hasColours(this.shell, stream)));
  }

  /** Cells of a line where people read, if that is a terminal; else as many as a line has. */
  get width(): number | undefined {
    const stream = this.json ? this.shell.stderr : this.shell.stdout;
    return isLive(this.shell, stream) ? stream.columns : undefined;
  }

  /** Lines only, whatever the stream is. */
  openPlainProgress(stream: OutputStream): Progress {
    return plainProgress(stream, createStyle(hasColours(this.shell, stream)));
  }

  addresses(): Promise<Addresses> {
    return resolveAddresses(this.shell.directory, this.options, configOf(this.shell));
  }

  /** `needs` are the services without which the command cannot begin. */
  async connect<T>(
    command: string,
    needs: readonly (keyof Addresses)[],
    use: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const addresses = await this.addresses();
    await Promise.all(needs.map((service) => requireListener(service, addresses[service])));
    return this.connectTo(command, addresses, use);
  }

  async connectTo<T>(
    command: string,
    addresses: Addresses,
    use: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const { createClient } = await import("@amaas/client");
    const telemetry = await openTelemetry();
    const { scheduler, registry, inference } = addresses;
    const client = createClient({ scheduler, registry, inference, telemetry });
    try {
      return await telemetry.tracer.span(`amaas ${command}`, {}, ({ traceparent }) =>
        use({ client, traceparent }),
      );
    } finally {
      client.close();
      await telemetry.shutdown();
    }
  }
}

/** Spans are exported where the standard variables say so; a command has no log of its own. */
async function openTelemetry(): Promise<Telemetry> {
  const { createTelemetry } = await import("@amaas/telemetry");
  return createTelemetry({
    service: "amaas-cli",
    instance: `${hostname()}-${process.pid}`,
    level: "silent",
  });
}
