/**
 * The other side of what the exchange is compared with: raw node:http2, and our gRPC without the
 * parameter server's arithmetic. A process of its own, as the parameter server is.
 */
import { once } from "node:events";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import {
  type ExchangeRequest,
  type ExchangeResponse,
  ParameterServerDefinition,
  Pass,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { type Context, createServer, implement, release } from "@amaas/rpc";
import { allowGarbage } from "@amaas/service";
import { nullTelemetry } from "@amaas/telemetry";
import { widen, wideSettings, writeAll } from "./raw.ts";
import { chunkBytes, chunkOf, messages, vector } from "./sizes.ts";

allowGarbage();
const values = vector();

/** Answers with a port. */
async function listenRaw(wide: boolean): Promise<number> {
  const server = createHttp2Server(wide ? { settings: wideSettings } : {});
  if (wide) server.on("session", widen);
  server.on("stream", (stream, { direction }) => {
    stream.respond({ ":status": 200 });
    if (direction === "down") {
      stream.resume();
      void writeAll(stream, values, messages).then(() => stream.end());
    } else if (direction === "both") answerEach(stream);
    else stream.resume().on("end", () => stream.end("done"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A message of the same size for each that has come whole. */
function answerEach(stream: ServerHttp2Stream): void {
  let received = 0;
  let answered = 0;
  stream.on("data", (bytes: Buffer) => {
    received += bytes.byteLength;
    for (; answered < Math.floor(received / chunkBytes); answered++) {
      if (stream.write(chunkOf(values, answered))) continue;
      stream.pause();
      stream.once("drain", () => stream.resume());
    }
  });
  stream.on("end", () => stream.end());
}

async function* exchange(
  requests: AsyncIterable<ExchangeRequest>,
  context: Context,
): AsyncIterable<ExchangeResponse> {
  const direction = context.metadata("direction");
  if (direction === "down") for (let i = 0; i < messages; i++) yield weights(i);
  for await (const { message } of requests) {
    if (message?.$case !== "contribution") continue;
    release(message.value.gradient);
    if (direction === "both") yield weights(message.value.chunk);
  }
  yield { message: { $case: "orders", value: { version: 0, pass: Pass.TRAINING, leaves: [] } } };
}

function weights(chunk: number): ExchangeResponse {
  const value = { version: 1, chunk, values: chunkOf(values, chunk), squares: undefined };
  return { message: { $case: "weights", value } };
}

const rpc = createServer({
  telemetry: nullTelemetry(),
  services: [implement(ParameterServerDefinition, { exchange })],
});
process.send?.({
  raw: await listenRaw(false),
  wide: await listenRaw(true),
  rpc: await rpc.listen("127.0.0.1", 0),
});
process.on("disconnect", () => process.exit());
