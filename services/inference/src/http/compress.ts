/** Answers compressed as the caller accepts it: the encoding of the largest weight, and of equal ones the first. */
import { promisify } from "node:util";
import { constants, deflate, gzip } from "node:zlib";
import type { Reply } from "./reply.ts";

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) };

type Encoding = keyof typeof compressors;

/** A smaller answer fits into one packet as it is. */
const worthwhile = 1024;

export async function compressed(reply: Reply, accepted: string | undefined): Promise<Reply> {
  const encoding = encodingFor(accepted);
  const size = reply.body.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (encoding === undefined || size < worthwhile) return reply;
  const body = await compressors[encoding](Buffer.concat(reply.body), {
    level: constants.Z_BEST_SPEED,
  });
  return { ...reply, headers: { ...reply.headers, "content-encoding": encoding }, body: [body] };
}

export function encodingFor(accepted: string | undefined): Encoding | undefined {
  let best: string | undefined;
  let bestWeight = 0;
  for (const part of accepted?.split(",") ?? []) {
    const [name = "", ...options] = part.split(";").map((word) => word.trim().toLowerCase());
    const weight = options.find((option) => option.startsWith("q="))?.slice(2) ?? "1";
    if (name !== "identity" && !Object.hasOwn(compressors, name)) continue;
    if (Number(weight) > bestWeight) {
      best = name;
      bestWeight = Number(weight);
    }
  }
  return best === "gzip" || best === "deflate" ? best : undefined;
}
