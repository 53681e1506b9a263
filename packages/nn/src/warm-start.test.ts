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
  const { parameters, misfits } = warmStart(known.parameters, tensors);
  expect(initialValues(parameters, 7)).toEqual(weights);
  expect(misfits).toEqual([]);
});

test("what has another shape, another type or no tensor keeps its initial value, and is named", () => {
  const network = networkOf([4, 3], 6);
  const odd = new Map(tensors).set("layer0/bias", tensor("FP64", [4], new Float64Array(4)));
  odd.delete("layer1/bias");
  const { parameters, misfits } = warmStart(network.parameters, odd);
  expect(misfits.toSorted()).toEqual([
    "layer0/bias: found FP64[4], wanted FP32[4]",
    "layer1/bias: found nothing, wanted FP32[3]",
    "layer2/bias: found FP32[2], wanted FP32[6]",
    "layer2/weight: found FP32[3, 2], wanted FP32[3, 6]",
  ]);
  const found = parametersIn(network, initialValues(parameters, 7));
  const own = parametersIn(network, initialValues(network.parameters, 7));
  for (const name of ["layer0/weight", "layer1/weight"])
    expect(found[name]).toEqual(tensors.get(name));
  for (const name of ["layer0/bias", "layer1/bias", "layer2/bias", "layer2/weight"])
    expect(found[name]).toEqual(own[name]);
});
