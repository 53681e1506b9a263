/** A model that has not as many rows to give back as it was given: no two requests may share a run of it. */
import { graphBuilder, writeModel } from "@amaas/graph";
import { expect, test } from "vitest";
import { folderStage } from "./folder-stage.ts";

const stage = folderStage();

/** Where the values are that are not 0: row and column of each. */
function places(): Uint8Array {
  const g = graphBuilder("places");
  const found = g.node("NonZero", [g.input("x", "FP32", ["rows", 3])]);
  g.output("places", g.transpose(found, [1, 0]));
  return writeModel(g.model());
}

/** Six requests make a batch. */
const config = `max_batch_size: 16
dynamic_batching { preferred_batch_size: [6] max_queue_delay_microseconds: 10000000 }`;

test("each request gets what was found in its own rows, though its configuration wants batches", {
  timeout: 60_000,
}, async () => {
  await stage.folder.put("places/1/model.onnx", places());
  await stage.folder.put("places/config.pbtxt", config);
  const { client, log } = await stage.serve("none");
  const ask = (rows: number, values: readonly number[]) =>
    client.modelInfer({
      modelName: "places",
      inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(rows), 3n] }],
      rawInputContents: [new Uint8Array(Float32Array.from(values).buffer)],
    });

  // Together they find as many as there are rows.
  const found = [2, 0, 1, 0, 3, 0];
  const answers = await Promise.all(
    found.map((count) =>
      ask(
        1,
        [1, 2, 3].map((at) => +(at <= count)),
      ),
    ),
  );
  expect(answers.map(({ outputs: [output] }) => output?.shape)).toEqual(
    found.map((count) => [BigInt(count), 2n]),
  );

  expect(log.find(({ message }) => message.includes("not batched"))).toMatchObject({
    model: "places",
    reason: expect.stringContaining("does not keep rows apart"),
  });
  await expect(ask(17, new Array(51).fill(1))).rejects.toThrow("batch-size must be <= 16");
});
