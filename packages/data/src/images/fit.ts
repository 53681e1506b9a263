/**
 * How a picture of any proportions becomes one of a size: as `ImageOps.fit` and `ImageOps.pad` of Pillow have it, around
 * the centre.
 */
import type { ImagesSpec } from "@amaas/spec";
import { type Picture, resample, type Size } from "./resample.ts";

type Fit = (picture: Picture, size: Size) => Picture;

export const fits: { readonly [F in ImagesSpec["fit"]]: Fit } = { cover, contain };

/** As much of the picture as has the size's proportions. */
function cover(picture: Picture, size: Size): Picture {
  const { width, height } = picture;
  const [found, wanted] = [width / height, size.width / size.height];
  const wide = found > wanted ? wanted * height : width;
  const high = found < wanted ? width / wanted : height;
  const [left, top] = [(width - wide) * 0.5, (height - high) * 0.5];
  return resample(picture, size, [left, top, left + wide, top + high]);
}

/** All of the picture, and black where it is not. */
function contain(picture: Picture, size: Size): Picture {
  const { width, height } = picture;
  const [found, wanted] = [width / height, size.width / size.height];
  const inner = {
    width: found < wanted ? Math.max(1, halfToEven((width / height) * size.height)) : size.width,
    height: found > wanted ? Math.max(1, halfToEven((height / width) * size.width)) : size.height,
  };
  const { colours } = resample(picture, inner, [0, 0, width, height]);
  const left = halfToEven((size.width - inner.width) * 0.5);
  const top = halfToEven((size.height - inner.height) * 0.5);
  const all = new Uint8Array(size.width * size.height * 3);
  for (let row = 0; row < inner.height; row++)
    all.set(
      colours.subarray(row * inner.width * 3, (row + 1) * inner.width * 3),
      ((top + row) * size.width + left) * 3,
    );
  return { ...size, colours: all };
}

/** As Python rounds. */
function halfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
