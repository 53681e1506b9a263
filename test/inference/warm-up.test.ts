/** Models of a folder that say what they are to be warmed up with. */
import { expect, test } from "vitest";
import { folderStage, indexOf, reasonOf } from "./folder-stage.ts";
import { lookup, scaling } from "./models.ts";

const stage = folderStage();

const index = (at: bigint) => new Uint8Array(BigInt64Array.of(at).buffer);
const sample = (input: string) =>
  `model_warmup { name: "sample" batch_size: 2 inputs { ${input} } }`;
const file = (name: string) =>
  sample(`key: "index" value { data_type: TYPE_INT64 input_data_file: "${name}" }`);

test("files of a model's folder are rows that it is warmed up with before it is served", async () => {
  const configs = {
    fine: file("row"),
    fails: file("row"),
    lacks: file("other"),
    leaves: file("../row"),
  };
  for (const [model, config] of Object.entries(configs)) {
    await stage.folder.put(`${model}/1/model.onnx`, lookup());
    await stage.folder.put(`${model}/config.pbtxt`, `max_batch_size: 4 ${config}`);
    await stage.folder.put(`${model}/warmup/row`, index(model === "fails" ? 99n : 3n));
  }
  const inference = await stage.serve("none");
  expect(await indexOf(inference)).toEqual([
    "fails 1 UNAVAILABLE",
    "fine 1 READY",
    "lacks 1 UNAVAILABLE",
    "leaves 1 UNAVAILABLE",
  ]);
  expect(await reasonOf(inference, "fails")).toContain("cannot run the model");
  expect(await reasonOf(inference, "lacks")).toBe("warmup/other is not there");
  expect(await reasonOf(inference, "leaves")).toBe("warmup/../row is not there");
});

test("where a model has no dimension of rows, a sample's dimensions are all there are", async () => {
  await stage.folder.put("scale/1/model.onnx", scaling(3));
  const tensors = 'input { name: "x" data_type: TYPE_FP32 dims: [ -1, 4 ] }';
  const zeros = sample('key: "x" value { data_type: TYPE_FP32 dims: [ 5, 4 ] zero_data: true }');
  await stage.folder.put("scale/config.pbtxt", `${tensors} ${zeros.replace("size: 2", "size: 1")}`);
  const inference = await stage.serve("none");
  expect(await indexOf(inference)).toEqual(["scale 1 READY"]);
  expect(await inference.scale("scale", 1)).toMatchObject({ version: "1" });
});
