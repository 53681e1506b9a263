/**
 * From the bytes of a PNG or JPEG file to the pixels that a network is shown, with the bits that Pillow makes of it. Sole
 * user of sharp, which decodes; all after that is done here, so that it depends on nothing.
 *
 * 1. The picture is turned as its EXIF orientation says; colour profiles are ignored; what is transparent lies on white.
 * 2. It is brought to the size: `fit.ts`, `resample.ts`.
 * 3. Grey is (19595 R + 38470 G + 7471 B + 32768) >> 16, the luma of ITU-R BT.601, by which grey stays what it was.
 */
import { DomainError, errorMessage } from "@amaas/errors";
import type { ImagesSpec } from "@amaas/spec";
import type { Sharp } from "sharp";
import { fits } from "./fit.ts";
import { formatOf } from "./image-format.ts";
import { hasEnd } from "./jpeg-end.ts";
import type { Picture, Size } from "./resample.ts";

export type ImageLook = Pick<ImagesSpec, "size" | "channels" | "fit">;

export interface ImageDecoder {
  /** Who decodes: its versions decide the last bits of pixels. */
  readonly name: string;
  /**
   * Bytes [channels, height, width].
   *
   * @throws DomainError invalid-argument where the file is at fault, resource-exhausted where it takes too long.
   */
  decode(bytes: Uint8Array, look: ImageLook): Promise<Uint8Array>;
}

/** What one image may take while it is decoded. */
const mostPixels = 1 << 26;
const mostSeconds = 60;

let opened: Promise<ImageDecoder> | undefined;

/** @throws DomainError failed-precondition where there is no sharp for this machine. */
export function imageDecoder(): Promise<ImageDecoder> {
  opened ??= openDecoder();
  return opened;
}

async function openDecoder(): Promise<ImageDecoder> {
  const sharp = await loadSharp();
  // No other loader is ever shown what an outsider made.
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: ["VipsForeignLoadPngBuffer", "VipsForeignLoadJpegBuffer"] });
  sharp.cache(false);
  sharp.concurrency(1);
  return {
    name: `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`,
    async decode(bytes, look) {
      const found = formatOf(bytes);
      if (found !== "PNG" && found !== "JPEG")
        throw unreadable(`found ${found}, wanted PNG or JPEG`);
      if (found === "JPEG" && !hasEnd(bytes)) throw damaged("it has no end marker");
      const options = { failOn: "warning", limitInputPixels: mostPixels, ignoreIcc: true } as const;
      const [height, width] = look.size;
      const picture = onWhite(await pixelsOf(sharp(bytes, options)));
      return planesOf(fits[look.fit](picture, { width, height }), look.channels);
    },
  };
}

async function loadSharp() {
  try {
    return (await import("sharp")).default;
  } catch (error) {
    throw new DomainError(
      "failed-precondition",
      `data.format: images are decoded by sharp, which does not run on this machine (${process.platform} ${process.arch}): ${errorMessage(error).split("\n", 1)[0]}`,
      { cause: error },
    );
  }
}

interface Pixels extends Size {
  readonly channels: number;
  readonly data: Uint8Array;
}

async function pixelsOf(image: Sharp): Promise<Pixels> {
  try {
    const { data, info } = await image
      .autoOrient()
      .toColourspace("srgb")
      .timeout({ seconds: mostSeconds })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    return { data, width, height, channels };
  } catch (error) {
    const fault = errorMessage(error).replaceAll("\n", " ").trim();
    // How fast a machine is must not decide which images there are.
    if (/^timeout\b/.test(fault))
      throw new DomainError("resource-exhausted", `takes more than ${mostSeconds} s to decode`);
    throw /pixel limit/.test(fault)
      ? unreadable(`has more than ${mostPixels} pixels`)
      : damaged(fault);
  }
}

/** Each colour c of opacity a becomes (c a + 255 (255 - a)) / 255, rounded. */
function onWhite({ width, height, channels, data }: Pixels): Picture {
  if (channels === 3) return { width, height, colours: data };
  if (channels !== 4) throw new Error(`the decoder gave ${channels} channels, wanted 3 or 4`);
  const colours = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const opacity = data[from + 3]!;
    for (let at = 0; at < 3; at++) {
      const sum = data[from + at]! * opacity + 255 * (255 - opacity) + 128;
      colours[to++] = ((sum >> 8) + sum) >> 8;
    }
  }
  return { width, height, colours };
}

function planesOf({ colours }: Picture, channels: ImageLook["channels"]): Uint8Array {
  const pixels = colours.length / 3;
  const planes = new Uint8Array(channels * pixels);
  for (let at = 0; at < pixels; at++) {
    const [red, green, blue] = [colours[3 * at]!, colours[3 * at + 1]!, colours[3 * at + 2]!];
    if (channels === 1) planes[at] = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
    else {
      planes[at] = red;
      planes[pixels + at] = green;
      planes[2 * pixels + at] = blue;
    }
  }
  return planes;
}

function damaged(how: string): DomainError {
  return unreadable(`the file is damaged, or its end is missing (${how})`);
}

function unreadable(found: string): DomainError {
  return new DomainError("invalid-argument", found);
}
