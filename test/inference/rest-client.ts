/** HTTP as the tests speak it: a request by Node's own client, and bytes written to a socket as they are. */
import { once } from "node:events";
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: what the tests look into is what they check.
  json(): any;
}

export interface Ask {
  readonly method?: string;
  readonly body?: Uint8Array | string | object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

export type Rest = (path: string, ask?: Ask) => Promise<Answer>;

export function restClient(url: string): Rest {
  return async (path, { method, body, headers = {}, agent, signal } = {}) => {
    const bytes =
      typeof body === "object" && !(body instanceof Uint8Array) ? JSON.stringify(body) : body;
    const asked = request(`${url}${path}`, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers:
        bytes === undefined ? headers : { "content-length": Buffer.byteLength(bytes), ...headers },
      ...(agent ? { agent } : {}),
      ...(signal ? { signal } : {}),
    });
    asked.end(bytes);
    const [message] = (await once(asked, "response")) as [IncomingMessage];
    const read = await buffer(message);
    return {
      status: message.statusCode ?? 0,
      headers: message.headers,
      bytes: read,
      json: () => JSON.parse(read.toString()),
    };
  };
}

/** A JSON object with the bytes of tensors behind it. */
export function withBinary(json: object, ...tensors: readonly ArrayBufferView[]) {
  const head = Buffer.from(JSON.stringify(json));
  const pieces = tensors.map(({ buffer: memory, byteOffset, byteLength }) =>
    Buffer.from(memory as ArrayBuffer, byteOffset, byteLength),
  );
  return {
    body: Buffer.concat([head, ...pieces]),
    headers: { "inference-header-content-length": String(head.byteLength) },
  };
}

export interface RawSocket {
  readonly socket: Socket;
  write(text: string | Uint8Array): void;
  /** All that has come. */
  said(): string;
  readonly closed: Promise<unknown>;
}

export async function rawSocket(url: string): Promise<RawSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  let said = "";
  socket.on("data", (bytes) => {
    said += bytes.toString("latin1");
  });
  // Being cut off is what some of these tests are about.
  socket.on("error", () => {});
  return {
    socket,
    write: (text) => void socket.write(text),
    said: () => said,
    closed: new Promise((resolve) => socket.once("close", resolve)),
  };
}
