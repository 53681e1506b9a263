import { expect, test } from "vitest";
import { encodingFor } from "./compress.ts";

test.each([
  [undefined, undefined],
  ["", undefined],
  ["br, zstd", undefined],
  ["identity", undefined],
  ["gzip", "gzip"],
  ["deflate, gzip", "deflate"],
  ["gzip, deflate, br, zstd", "gzip"],
  ["gzip;q=0.5, deflate;q=0.8", "deflate"],
  ["gzip ; q=0.5, identity", undefined],
  ["gzip;q=0", undefined],
  ["gzip;q=nonsense", undefined],
  ["GZIP", "gzip"],
  ["__proto__, constructor", undefined],
])("of %s it is %s", (accepted, encoding) => {
  expect(encodingFor(accepted)).toBe(encoding);
});
