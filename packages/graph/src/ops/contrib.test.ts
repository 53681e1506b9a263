import { expect, test } from "vitest";
import { contribDomain } from "../index.ts";
import { contrib, murmur } from "./contrib.ts";
import { compareKernels, i32, i64, text, words } from "./kernels.fixture.ts";

const domain = contribDomain;
const sentences = text([2, 1], ["Straße 42,\tdon't; ΣΑΣ", ""]);

compareKernels(contrib, [
  { op: "MurmurHash3", domain, inputs: [words] },
  { op: "MurmurHash3", domain, inputs: [sentences], attributes: { positive: 0, seed: 7 } },
  {
    op: "MurmurHash3",
    domain,
    inputs: [i64([2, 2], [0, 1, -5, 2 ** 40])],
    attributes: { positive: 0 },
  },
  { op: "MurmurHash3", domain, inputs: [i32([3], [0, 1, -5])] },
  {
    op: "Tokenizer",
    domain,
    inputs: [sentences],
    attributes: { mark: 0, mincharnum: 1, pad_value: "", tokenexp: "[\\p{L}\\p{N}]+" },
  },
  {
    op: "Tokenizer",
    domain,
    inputs: [sentences],
    attributes: { mark: 0, mincharnum: 3, pad_value: "#", tokenexp: "[a-zA-Z]+" },
  },
]);

/** The published test vectors of MurmurHash3_x86_32. */
test.each([
  ["", 0, 0],
  ["", 1, 0x514e28b7],
  ["test", 0, 0xba6bd213],
  ["Hello, world!", 0, 0xc0363e43],
  ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
])("MurmurHash3 of %j with seed %i", (input, seed, hash) => {
  expect(murmur(new TextEncoder().encode(input), seed) >>> 0).toBe(hash);
});
