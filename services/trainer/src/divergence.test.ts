import { expect, test } from "vitest";
import { divergenceError } from "./divergence.ts";

const sound = {
  step: 12,
  leaf: 3,
  loss: 2,
  samples: [7, 90],
  gradients: { a: Float32Array.of(1, -5), b: Float32Array.of(3), c: new Float32Array(2) },
};

test("nothing is told of what is finite", () => {
  expect(divergenceError(sound)).toBeUndefined();
  expect(divergenceError({ ...sound, loss: 3.4e38 })).toBeUndefined();
});

test("a loss that is no number is told with its place, its samples and the largest gradients", () => {
  const samples = Array.from({ length: 20 }, (_, i) => i * 3);
  const d = Float32Array.of(2, Number.NaN);
  const gradients = { ...sound.gradients, d, e: Float32Array.of(Number.NEGATIVE_INFINITY) };
  const error = divergenceError({ ...sound, loss: Number.NaN, samples, gradients });
  expect(error?.message).toBe(
    "step 12, virtual shard 3: the loss is NaN; samples 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, " +
      "36, 39, 42, 45 and 4 more of the training split; largest gradients: d NaN, e Infinity, a 5; " +
      "a smaller learning rate or clipping may help",
  );
});

test("a gradient that overflows is told where the loss does not yet", () => {
  const gradients = { ...sound.gradients, c: Float32Array.of(0, Number.POSITIVE_INFINITY) };
  expect(divergenceError({ ...sound, gradients })?.message).toContain(
    "the gradient is not finite; samples 7, 90 of the training split; largest gradients: c Infinity, a 5, b 3;",
  );
});
