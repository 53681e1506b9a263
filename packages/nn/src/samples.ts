/**
 * Samples as architectures see them. They come as rows of float32, one width for all, and `NetworkSize` says how a row
 * is to be seen; what does not fit the architecture is refused before anything is trained.
 */
import { DomainError } from "@amaas/errors";
import type { GraphBuilder, Value } from "@amaas/graph";
import { elementCount } from "@amaas/tensor";
import type { NetworkSize } from "./network.ts";

/** FP32 [batch, channels, height, width] */
export function imagesOf(
  g: GraphBuilder,
  features: Value,
  size: NetworkSize,
  architecture: string,
): Value {
  const shape = shapeOf(size);
  if (shape.length !== 3)
    throw unfit(
      "architecture.type",
      `"${architecture}"`,
      "images of the shape [channels, height, width]",
      shape,
    );
  return g.reshape(features, [0, ...shape]);
}

/** Of one sample, which has as many elements as there are features. */
export function shapeOf({ shape, features }: NetworkSize): readonly number[] {
  if (!shape) return [features];
  if (elementCount(shape) === features) return shape;
  throw new DomainError(
    "invalid-argument",
    `samples of the shape [${shape}] have ${elementCount(shape)} elements, found ${features} features`,
  );
}

/** The refusal of data by whom a field of the spec names. */
export function unfit(
  field: string,
  who: string,
  wanted: string,
  found: readonly number[],
): DomainError {
  const description = `${who} wants ${wanted}, found samples of the shape [${found}]; for arrays, data.shape says how a row is to be seen`;
  return new DomainError("invalid-argument", `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}
