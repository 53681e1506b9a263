/** The yardstick: messages of the same size over one stream of raw node:http2. */
import { once } from "node:events";
import { type ClientHttp2Session, connect, type Http2Session } from "node:http2";
import type { Writable } from "node:stream";
import type { Runner } from "./runner.ts";
import { chunkBytes, chunkOf, type Direction, messages, vector } from "./sizes.ts";

/** As wide as our own are. */
const windowBytes = 4 * 1024 * 1024;
export const wideSettings = { initialWindowSize: windowBytes };

export function widen(session: Http2Session): void {
  session.setLocalWindowSize(windowBytes);
}

/** `wide`: with flow control windows that let a few messages be on their way. */
export function rawClient(port: number, wide: boolean): Runner {
  const session = connect(`http://127.0.0.1:${port}`, wide ? { settings: wideSettings } : {});
  if (wide) session.once("connect", () => widen(session));
  const values = vector();
  return {
    run: (direction) => run(session, direction, values),
    settle: async () => {},
    close: async () => session.close(),
  };
}

async function run(
  session: ClientHttp2Session,
  direction: Direction,
  values: Uint8Array,
): Promise<void> {
  const stream = session.request({ ":method": "POST", ":path": "/", direction });
  let received = 0;
  stream.on("data", (bytes: Buffer) => {
    received += bytes.byteLength;
  });
  const ended = once(stream, "end");
  if (direction !== "down") await writeAll(stream, values, messages);
  stream.end();
  await ended;
  const wanted = direction === "up" ? "done".length : messages * chunkBytes;
  if (received !== wanted) throw new Error(`${received} bytes came back, wanted ${wanted}`);
}

/** With back-pressure. */
export async function writeAll(stream: Writable, values: Uint8Array, count: number): Promise<void> {
  for (let message = 0; message < count; message++)
    if (!stream.write(chunkOf(values, message))) await once(stream, "drain");
}
