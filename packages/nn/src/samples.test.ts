/** Data that an architecture cannot take is refused, in words that say what would do. */
import { parseArchitecture } from "@amaas/spec";
import { expect, test } from "vitest";
import { buildNetwork, type NetworkSize } from "./index.ts";

const lenet = { type: "cnn", blocks: [{ filters: 2 }, { filters: 2 }, { filters: 2 }] };
const sizes = { outputs: 2 };

const cases: readonly [object, NetworkSize, string][] = [
  [
    lenet,
    { ...sizes, features: 9 },
    'architecture.type: "cnn" wants images of the shape [channels, height, width], found samples of the shape [9]; for arrays, data.shape says how a row is to be seen',
  ],
  [
    lenet,
    { ...sizes, features: 36, shape: [1, 6, 6] },
    "1×1 of the image is left where windows of 2×2 are pooled, wanted fewer or smaller windows",
  ],
  [
    { type: "resnet" },
    { ...sizes, features: 6, shape: [3, 2] },
    "found samples of the shape [3,2]",
  ],
  [
    { type: "lstm", hidden: 2 },
    { ...sizes, features: 6 },
    '"lstm" wants series of the shape [time, channels], or tokens, found samples of the shape [6]',
  ],
  [
    { type: "transformer" },
    { ...sizes, features: 12, shape: [3, 2, 2] },
    "found samples of the shape [3,2,2]",
  ],
  [
    { type: "transformer" },
    { ...sizes, features: 6, shape: [3, 2], vocabulary: 5 },
    "wants rows of tokens, [time], found samples of the shape [3,2]",
  ],
  [
    lenet,
    { ...sizes, features: 9, shape: [1, 2, 4] },
    "samples of the shape [1,2,4] have 8 elements, found 9 features",
  ],
];

test.each(cases)("%j for %j", (architecture, size, message) => {
  expect(() => buildNetwork(parseArchitecture(architecture), size)).toThrow(message);
});

test("an array [rows, time, channels] may be taken for a series", () => {
  const gru = parseArchitecture({ type: "gru", hidden: 3 });
  const [first] = buildNetwork(gru, { ...sizes, features: 12, shape: [1, 4, 3] }).parameters;
  expect(first).toMatchObject({ name: "layer0/forward/weight", shape: [9, 3] });
});
