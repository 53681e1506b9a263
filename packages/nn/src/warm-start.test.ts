import { parseArchitecture } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { parametersIn, someWeights } from "./batch.fixture.ts";
import { buildNetwork, initialValues, warmStart } from "./index.ts";

const networkOf = (hidden: number[], outputs: number) =>
  buildNetwork(parseArchitecture({ type: "mlp", hidden }), { features: 5, outputs });
const known = networkOf([4, 3], 2);
const weights = someWeights(known);
const tensors = new Map(Object.entries(parametersIn(known, weights)));

test("a network of the same parameters begins with exactly their values", () => {
  const initial = initialValues(known.parameters, 7);
  const before = initial.slice();
  expect(warmStart(known.parameters, initial, tensors)).toEqual({ values: weights, misfits: [] });
  expect(initial).toEqual(before);
});

test("what has another shape, another type or no tensor keeps its initial value, and is named", () => {
  const { parameters } = networkOf([4, 3], 6);
  const initial = initialValues(parameters, 7);
  const odd = new Map(tensors).set("layer0/bias", tensor("FP64", [4], new Float64Array(4)));
  odd.delete("layer1/bias");
  const { values, misfits } = warmStart(parameters, initial, odd);
  expect(misfits).toEqual([
    "layer0/bias: found FP64[4], wanted FP32[4]",
    "layer1/bias: found nothing, wanted FP32[3]",
    "layer2/bias: found FP32[2], wanted FP32[6]",
    "layer2/weight: found FP32[3, 2], wanted FP32[3, 6]",
  ]);
  const found = parametersIn({ ...known, parameters }, values);
  const own = parametersIn({ ...known, parameters }, initial);
  for (const name of ["layer0/weight", "layer1/weight"])
    expect(found[name]).toEqual(tensors.get(name));
  for (const name of ["layer0/bias", "layer1/bias", "layer2/bias", "layer2/weight"])
    expect(found[name]).toEqual(own[name]);
});
