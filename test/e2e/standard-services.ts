/**
 * gRPC's standard services, health and reflection, as a foreign client knows them: by their wire
 * format alone, of which no more is written down here than the tests ask.
 */

import { Channel, createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";

export type Serving = "UNKNOWN" | "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";
const servings: readonly Serving[] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** `service` is a service's full name, or empty for the whole server. */
export async function checkHealth(address: string, service: string): Promise<Serving> {
  const client = createClient(health, address, options);
  try {
    return servingOf(await client.check(textField(1, service)));
  } finally {
    client.close();
  }
}

/** What a watch is told, as it is told; it ends with the server. */
export function watchHealth(address: string, service: string) {
  const client = createClient(health, address, options);
  const told: Serving[] = [];
  const ended = (async () => {
    for await (const answer of client.watch(textField(1, service))) told.push(servingOf(answer));
  })()
    .catch(() => {})
    .finally(() => client.close());
  return { told, ended };
}

/** The full names of the services that a server says it has. */
export async function listServices(address: string): Promise<string[]> {
  const client = createClient(reflection, address, options);
  const questions = new Channel<Uint8Array>();
  questions.push(textField(7, "*"));
  try {
    // list_services_response = 6 { repeated service = 1 { name = 1 } }
    for await (const answer of client.info(questions))
      return bytesAt(answer, 6)
        .flatMap((list) => bytesAt(list, 1))
        .flatMap((service) => bytesAt(service, 1))
        .map((name) => Buffer.from(name).toString());
    throw new Error(`${address} answered nothing`);
  } finally {
    questions.end();
    client.close();
  }
}

const options = { telemetry: nullTelemetry(), retry: false };

/** A message as its bytes. */
const raw = {
  encode: (message: Uint8Array, writer = new BinaryWriter()) => writer.raw(message),
  decode(input: BinaryReader | Uint8Array): Uint8Array {
    if (input instanceof BinaryReader) throw new Error("these messages are in no other");
    return input;
  },
  fromPartial: (message: Uint8Array) => message,
};

const method = { requestType: raw, responseType: raw, requestStream: false } as const;
const health = {
  name: "Health",
  fullName: "grpc.health.v1.Health",
  methods: {
    check: { ...method, name: "Check", responseStream: false },
    watch: { ...method, name: "Watch", responseStream: true },
  },
} as const;
const reflection = {
  name: "ServerReflection",
  fullName: "grpc.reflection.v1.ServerReflection",
  methods: {
    info: { ...method, name: "ServerReflectionInfo", requestStream: true, responseStream: true },
  },
} as const;

function servingOf(response: Uint8Array): Serving {
  const reader = new BinaryReader(response);
  // status = 1; 0 is not written.
  if (reader.len === 0) return "UNKNOWN";
  reader.tag();
  return servings[reader.int32()] ?? "UNKNOWN";
}

function textField(field: number, text: string): Uint8Array {
  return new BinaryWriter()
    .uint32((field << 3) | 2)
    .string(text)
    .finish();
}

function bytesAt(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === 2) found.push(reader.bytes());
    else reader.skip(type, field);
  }
  return found;
}
