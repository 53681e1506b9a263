/** gRPC by hand over HTTP/2: for calls that no well-meaning client would make. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { ModelInferRequest } from "@amaas/proto/inference/grpc_service";

export interface Outcome {
  /** grpc-status; undefined where the stream ended without one. */
  readonly code: number | undefined;
  readonly message: string;
  readonly replies: readonly Uint8Array[];
}

export const service = "/inference.GRPCInferenceService";

export interface RawClient {
  readonly session: ClientHttp2Session;
  /** Opens a call and leaves it open. */
  open(path: string, headers?: Record<string, string>): ClientHttp2Stream;
  /** Sends the bytes as they are, ends the requests and waits for how the call ends. */
  send(path: string, frames: Uint8Array, headers?: Record<string, string>): Promise<Outcome>;
  close(): void;
}

export function rawClient(address: string): RawClient {
  // As much as is sent: what Node allows itself by default is less than one large message.
  const session = connect(`http://${address}`, { maxSessionMemory: 4096 });
  // What happens to a call is told by the call.
  session.on("error", () => {});
  const open = (path: string, headers: Record<string, string> = {}) =>
    session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
  return {
    session,
    open,
    send(path, frames, headers) {
      const stream = open(path, headers);
      const ended = outcomeOf(stream);
      stream.end(frames);
      return ended;
    },
    close: () => session.destroy(),
  };
}

export function outcomeOf(stream: ClientHttp2Stream): Promise<Outcome> {
  const chunks: Buffer[] = [];
  let code: number | undefined;
  let message = "";
  const look = (headers: Record<string, string | string[] | undefined>) => {
    if (headers["grpc-status"] === undefined) return;
    code = Number(headers["grpc-status"]);
    message = decodeURIComponent(String(headers["grpc-message"] ?? ""));
  };
  stream.on("response", look);
  stream.on("trailers", look);
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("error", () => {});
  return new Promise((resolve) =>
    stream.on("close", () => resolve({ code, message, replies: unframe(Buffer.concat(chunks)) })),
  );
}

/** A message as gRPC frames it, or with another length than it has. */
export function frame(message: Uint8Array, length = message.byteLength): Uint8Array {
  const framed = Buffer.alloc(5 + message.byteLength);
  framed.writeUInt32BE(length, 1);
  framed.set(message, 5);
  return framed;
}

export function inferFrame(request: Parameters<typeof ModelInferRequest.fromPartial>[0]) {
  return frame(ModelInferRequest.encode(ModelInferRequest.fromPartial(request)).finish());
}

function unframe(bytes: Buffer): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return messages;
}
