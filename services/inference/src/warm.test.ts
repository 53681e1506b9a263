import type { ModelWarmup } from "@amaas/proto/inference/model_config";
import { DataType, ModelWarmup as Sample } from "@amaas/proto/inference/model_config";
import { type Tensor, tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import type { Runnable } from "./trial-feeds.ts";
import { warm } from "./warm.ts";

/** Takes x, FP32 [rows, 2] and `size` wide text; tells what it was run with. */
function recorder(complain: (feeds: Record<string, Tensor>) => void = () => undefined) {
  const runs: Record<string, Tensor>[] = [];
  const model: Runnable = {
    inputs: [{ name: "x", type: "FP32", shape: ["rows", 2] }],
    outputs: [],
    async run(feeds) {
      complain(feeds);
      runs.push(feeds);
      return {};
    },
  };
  return { model, runs };
}

test("one row is run once, in zeros", async () => {
  const { model, runs } = recorder();
  await warm(model);
  expect(runs).toEqual([{ x: tensor("FP32", [1, 2], new Float32Array(2)) }]);
});

test("a guess at open sizes that runs is found; where none does, the model is not to blame", async () => {
  const wide = recorder(({ image }) => {
    if (image!.shape[2]! < 20) throw new Error("the kernel is larger than the image");
  });
  const inputs = [{ name: "image", type: "FP32" as const, shape: ["n", 3, "h", "w"] }];
  const model = { ...wide.model, inputs };
  await warm(model);
  expect(wide.runs.at(-1)?.image?.shape).toEqual([1, 3, 32, 32]);

  const never = recorder(() => {
    throw new Error("no");
  });
  await warm({ ...never.model, inputs });
  await expect(warm(never.model)).rejects.toThrow("no");
});

const sample = (inputs: Record<string, unknown>, count = 1): ModelWarmup =>
  Sample.fromPartial({ name: "s", batchSize: 2, count, inputs } as never);

test("samples of the configuration take the place of zeros", async () => {
  const { model, runs } = recorder();
  const of = (inputDataType: object) => ({
    x: { dataType: DataType.TYPE_FP32, dims: [2n], inputDataType },
  });
  const file = new Uint8Array(Float32Array.of(3, 4).buffer);
  await warm(model, {
    countsRows: true,
    samples: [
      sample(of({ $case: "zeroData", value: true }), 2),
      sample(of({ $case: "randomData", value: true })),
      sample(of({ $case: "inputDataFile", value: "raw" })),
    ],
    readFile: async (name) => (name === "raw" ? file : new Uint8Array()),
  });
  const [zero, again, random, read] = runs.map(({ x }) => x);
  expect(zero).toEqual(tensor("FP32", [2, 2], new Float32Array(4)));
  expect(again).toEqual(zero);
  expect(new Set(random?.data as Float32Array).size).toBe(4);
  expect(read).toEqual(tensor("FP32", [2, 2], Float32Array.of(3, 4, 3, 4)));
});

test.each<[Record<string, unknown>, RegExp]>([
  [{}, /has nothing for input 'x'/],
  [{ x: { dims: [2n] } }, /neither zero_data, random_data nor input_data_file/],
  [{ x: { dims: [2n], inputDataType: { $case: "inputDataFile", value: "raw" } } }, /no folder/],
])("a faulty sample is refused: %o", async (inputs, message) => {
  const { model } = recorder();
  await expect(warm(model, { samples: [sample(inputs)] })).rejects.toThrow(message);
});
