/**
 * A collector for traces: takes OTLP over HTTP as protobuf, as any collector would, and keeps the
 * spans. It reads the wire itself, so that what it finds is what a foreign program would find.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { BinaryReader } from "@bufbuild/protobuf/wire";

export interface ReceivedSpan {
  /** service.name of the process that sent it. */
  readonly service: string;
  readonly instance: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Ids of the spans that it is linked to. */
  readonly links: readonly string[];
  readonly failed: boolean;
}

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = createServer(async (request, response) => {
    if (request.method !== "POST" || request.url !== "/v1/traces") {
      response.writeHead(404).end(await text(request));
      return;
    }
    spans.push(...readRequest(await bodyOf(request)));
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const body = Buffer.concat(await Array.fromAsync<Buffer>(request));
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
}

/** ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1 } */
function readRequest(bytes: Uint8Array): ReceivedSpan[] {
  return messages(bytes, 1).flatMap((resourceSpans) => {
    const [resource = new Uint8Array()] = messages(resourceSpans, 1);
    const about = readAttributes(messages(resource, 1));
    return messages(resourceSpans, 2)
      .flatMap((scopeSpans) => messages(scopeSpans, 2))
      .map((span) => readSpan(span, about));
  });
}

const kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const failedStatus = 2n;

function readSpan(bytes: Uint8Array, about: Readonly<Record<string, unknown>>): ReceivedSpan {
  const fields = fieldsOf(bytes);
  const [status = new Uint8Array()] = messages(bytes, 15);
  return {
    service: String(about["service.name"]),
    instance: String(about["service.instance.id"]),
    traceId: hex(fields, 1),
    spanId: hex(fields, 2),
    parentId: hex(fields, 4),
    name: textOf(fields, 5),
    kind: kinds[Number(fields.get(6)?.[0] ?? 0)] ?? "",
    start: millis(fields, 7),
    end: millis(fields, 8),
    attributes: readAttributes(messages(bytes, 9)),
    links: messages(bytes, 13).map((link) => hex(fieldsOf(link), 2)),
    failed: fieldsOf(status).get(3)?.[0] === failedStatus,
  };
}

function readAttributes(pairs: readonly Uint8Array[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const fields = fieldsOf(pair);
      const [value] = messages(pair, 2);
      return [textOf(fields, 1), value && readValue(value)];
    }),
  );
}

/** AnyValue: the kinds that spans here have. */
function readValue(bytes: Uint8Array): unknown {
  for (const [field, [value]] of fieldsOf(bytes)) {
    if (field === 1) return value instanceof Uint8Array ? Buffer.from(value).toString() : value;
    if (field === 2) return value === 1n;
    if (field === 3) return Number(value);
    if (field === 4 && typeof value === "bigint") return doubleOf(value);
    if (field === 5 && value instanceof Uint8Array) return messages(value, 1).map(readValue);
    return value;
  }
  return undefined;
}

/** The float64 of these bits. */
function doubleOf(bits: bigint): number {
  return new Float64Array(BigUint64Array.of(bits).buffer)[0] ?? Number.NaN;
}

type Value = bigint | Uint8Array;

/** Every field of a message by its number: whole numbers, and what has a length as bytes. */
function fieldsOf(bytes: Uint8Array): Map<number, Value[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, Value[]>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const values = fields.get(field) ?? [];
    fields.set(field, values);
    values.push(readField(reader, type));
  }
  return fields;
}

function readField(reader: BinaryReader, wireType: number): Value {
  switch (wireType) {
    case 0:
      return BigInt(reader.uint64());
    case 1:
      return BigInt(reader.fixed64());
    case 2:
      return reader.bytes();
    case 5:
      return BigInt(reader.fixed32());
    default:
      throw new Error(`OTLP knows no wire type ${wireType}`);
  }
}

function messages(bytes: Uint8Array, field: number): Uint8Array[] {
  return (fieldsOf(bytes).get(field) ?? []).filter((value) => value instanceof Uint8Array);
}

function hex(fields: ReadonlyMap<number, readonly Value[]>, field: number): string {
  const [value] = fields.get(field) ?? [];
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : "";
}

function textOf(fields: ReadonlyMap<number, readonly Value[]>, field: number): string {
  const [value] = fields.get(field) ?? [];
  return value instanceof Uint8Array ? Buffer.from(value).toString() : "";
}

function millis(fields: ReadonlyMap<number, readonly Value[]>, field: number): number {
  return Number(fields.get(field)?.[0] ?? 0n) / 1e6;
}
