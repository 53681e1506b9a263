/** Augmented images against what plain JavaScript makes of the same words. */
import { openSession } from "@amaas/engine";
import { graphBuilder, writeModel } from "@amaas/graph";
import type { AugmentationSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { expect, test, vi } from "vitest";
import { augmented } from "./augmentation.ts";
import { randomFloats } from "./batch.fixture.ts";
import { wordsOf } from "./random-words.fixture.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 60_000 });

const batch = 40;
const shape = [2, 5, 4] as const;
const [channels, height, width] = shape;
const size = channels * height * width;
const images = randomFloats("images", batch * size);

async function run(spec: AugmentationSpec, key: readonly [number, number]) {
  const g = graphBuilder("augmented");
  const features = g.input("features", "FP32", [batch, size]);
  g.output("images", augmented(g, features, g.input("key", "UINT32", [2]), { ...spec, shape }));
  const session = await openSession(writeModel(g.model()));
  const found = await session.run({
    features: tensor("FP32", [batch, size], images),
    key: tensor("UINT32", [2], Uint32Array.from(key)),
  });
  await session.release();
  return Array.from(found.images!.data, Number);
}

/** The same, pixel by pixel. */
function expected({ flip, crop = 0, jitter }: AugmentationSpec, key: readonly [number, number]) {
  const word = wordsOf(key, "augmentation");
  const below = (value: number, count: number) => ((value >>> 16) * count) >>> 16;
  const signed = (value: number) => (value >>> 8) * 2 ** -23 - 1;
  return Array.from({ length: batch }, (_, image) => {
    const draw = (column: number) => word(image, column, 6);
    const down = below(draw(0), 2 * crop + 1) - crop;
    const right = below(draw(1), 2 * crop + 1) - crop;
    const upsideDown = flip !== undefined && flip !== "horizontal" && draw(2) >= 2 ** 31;
    const mirrored = flip !== undefined && flip !== "vertical" && draw(3) >= 2 ** 31;
    const at = (channel: number, row: number, column: number) => {
      const y = (upsideDown ? height - 1 - row : row) + down;
      const x = (mirrored ? width - 1 - column : column) + right;
      if (y < 0 || y >= height || x < 0 || x >= width) return 0;
      return images[image * size + (channel * height + y) * width + x]!;
    };
    const moved = Array.from({ length: size }, (_, place) =>
      at(Math.floor(place / (height * width)), Math.floor(place / width) % height, place % width),
    );
    if (!jitter) return moved;
    const bright = moved.map((value) => value * (1 + jitter.brightness * signed(draw(4))));
    const mean = bright.reduce((sum, value) => sum + value, 0) / size;
    const contrast = 1 + jitter.contrast * signed(draw(5));
    return bright.map((value) => mean + (value - mean) * contrast);
  }).flat();
}

const key = [123456789, 4000000000] as const;

test.each<AugmentationSpec>([
  { flip: "horizontal" },
  { flip: "vertical" },
  { flip: "both", crop: 1 },
  { crop: 3 },
  { jitter: { brightness: 0.3, contrast: 0 } },
  { flip: "horizontal", crop: 2, jitter: { brightness: 0.2, contrast: 0.5 } },
  {},
])("%j", async (spec) => {
  const found = await run(spec, key);
  const wanted = expected(spec, key);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
  // Nothing is rounded where images are only moved.
  expect(worst).toBeLessThanOrEqual(spec.jitter ? 1e-6 : 0);
  const changed = found.filter((value, i) => value !== images[i]).length;
  expect(changed > 0).toBe(Object.keys(spec).length > 0);
});

test("every turn and shift occurs, and another key draws others", async () => {
  const spec = { flip: "both", crop: 1 } as const;
  const [one, other] = [await run(spec, key), await run(spec, [key[0] + 1, key[1]])];
  expect(one).not.toEqual(other);
  const word = wordsOf(key, "augmentation");
  const kinds = new Set(
    Array.from({ length: 400 }, (_, image) =>
      [0, 1]
        .map((column) => ((word(image, column, 6) >>> 16) * 3) >>> 16)
        .concat([2, 3].map((column) => word(image, column, 6) >>> 31))
        .join(),
    ),
  );
  expect(kinds.size).toBe(36);
});

test("what is no image is refused", () => {
  const g = graphBuilder("augmented");
  const features = g.input("features", "FP32", [1, 6]);
  const random = g.input("key", "UINT32", [2]);
  expect(() => augmented(g, features, random, { flip: "both", shape: [6] })).toThrow(
    "training.augmentation: it wants images of the shape [channels, height, width], found samples of the shape [6]",
  );
});
