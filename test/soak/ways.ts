/** Other ways than unary calls: streams that are read to their end, streams that are left, and REST. */
import { DomainError } from "@amaas/errors";
import { Channel } from "@amaas/rpc";
import { row } from "../inference/inference-server.ts";
import { withBinary } from "../inference/rest-client.ts";
import { numbers } from "./requests.ts";
import type { Stage } from "./stage.ts";

type Row = ReturnType<typeof row> & { readonly id: string };

/** A few hundred at once; each tenth is wrong. */
export async function stream({ client, ledger }: Stage): Promise<void> {
  const count = 200;
  const isWrong = (at: number) => at % 10 === 9;
  const requests = Array.from({ length: count }, (_, at): Row => {
    const right = { ...row("scale", at), id: String(at) };
    return isWrong(at) ? { ...right, rawInputContents: [new Uint8Array(1)] } : right;
  });
  let at = 0;
  try {
    for await (const { errorMessage, inferResponse } of client.modelStreamInfer(requests)) {
      const first = errorMessage === "" ? numbers(inferResponse!)[0] : undefined;
      if (errorMessage !== "") {
        const code = errorMessage.includes("byte size") ? "invalid-argument" : "resource-exhausted";
        ledger.failure("scale", new DomainError(code, errorMessage), [code]);
      } else ledger.answer("scale", 1);
      const right = inferResponse?.id === String(at) && (first === undefined || first === 2 * at);
      ledger.expect(right && (first === undefined) === isWrong(at), () => {
        return `stream: ${at} gave ${inferResponse?.id}: ${first} ${errorMessage}`;
      });
      at++;
    }
  } catch (error) {
    ledger.expect(false, () => `stream: ${String(error)}`);
  }
  ledger.expect(at === count, () => `stream: ${count} requests had ${at} answers`);
}

/** What was sent and not read yet may have been run or not. */
export async function abandonedStream({ client, ledger }: Stage): Promise<void> {
  const requests = new Channel<Row>();
  const count = 60;
  for (let at = 0; at < count; at++) requests.push({ ...row("left", at), id: String(at) });
  let read = 0;
  for await (const { errorMessage } of client.modelStreamInfer(requests)) {
    ledger.expect(errorMessage === "", () => `left: ${errorMessage}`);
    ledger.answer("left", 1);
    if (++read === 20) break;
  }
  requests.end();
  ledger.of("left").open += count - read;
}

/** As JSON or as binary data, compressed or not; now and then somebody hangs up. */
export async function restOfRows({ rest, ledger }: Stage): Promise<void> {
  const x = Math.floor(Math.random() * 1000);
  const values = new Float32Array(4).fill(x);
  const input = { name: "x", datatype: "FP32", shape: [1, 4] };
  const path = "/v2/models/rest/infer";
  const leaves = Math.random() < 0.05;
  const signal = leaves ? AbortSignal.timeout(Math.floor(Math.random() * 5)) : undefined;
  const asked =
    Math.random() < 0.5
      ? {
          body: { inputs: [{ ...input, data: [...values] }] },
          headers: { "accept-encoding": "gzip" },
        }
      : withBinary(
          {
            inputs: [{ ...input, parameters: { binary_data_size: 16 } }],
            outputs: [{ name: "y", parameters: { binary_data: true } }],
          },
          values,
        );
  try {
    const { status, headers, bytes } = await rest(path, { ...asked, ...(signal && { signal }) });
    ledger.expect(status === 200, () => `rest: ${status} ${bytes}`);
    ledger.answer("rest", 1);
    const head = Number(headers["inference-header-content-length"] ?? Number.NaN);
    if (head > 0) {
      const first = bytes.readFloatLE(head);
      ledger.expect(first === 2 * x, () => `rest: ${x} gave ${first}`);
    }
  } catch (error) {
    ledger.expect(leaves, () => `rest: ${String(error)}`);
    ledger.calls++;
    ledger.of("rest").open++;
  }
}
