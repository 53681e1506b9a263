/** The same messages over our gRPC, without the parameter server's arithmetic. */
import {
  type ExchangeRequest,
  ParameterServerDefinition,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { createClient, release } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import type { Runner } from "./runner.ts";
import { chunkOf, type Direction, messages, vector } from "./sizes.ts";

export function plainClient(port: number): Runner {
  const client = createClient(ParameterServerDefinition, `127.0.0.1:${port}`, {
    telemetry: nullTelemetry(),
  });
  const values = vector();

  function* contributions(direction: Direction): Iterable<ExchangeRequest> {
    if (direction === "down") return;
    for (let chunk = 0; chunk < messages; chunk++) {
      const gradient = chunkOf(values, chunk);
      const node = { level: 3, index: 0, guidance: undefined, squares: undefined };
      const value = { version: 0, ...node, chunk, samples: 32, values: [1], gradient };
      yield { message: { $case: "contribution", value } };
    }
  }

  return {
    async run(direction) {
      let received = 0;
      const requests = contributions(direction);
      const metadata = { direction };
      for await (const { message } of client.exchange(asynchronous(requests), { metadata }))
        if (message?.$case === "weights") {
          received += 1;
          release(message.value.values);
        }
      const wanted = direction === "up" ? 0 : messages;
      if (received !== wanted) throw new Error(`${received} messages came back, wanted ${wanted}`);
    },
    settle: async () => {},
    close: async () => client.close(),
  };
}

async function* asynchronous<T>(values: Iterable<T>): AsyncIterable<T> {
  yield* values;
}
