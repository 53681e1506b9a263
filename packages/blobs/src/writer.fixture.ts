/** A process that starts a blob and never ends it: the tests kill it half-way. */
import { openBlobs } from "./index.ts";

async function* endless() {
  yield new Uint8Array(2_000_000).fill(1);
  // Asked for more: what was given is written.
  process.send?.("half-way");
  await new Promise(() => setInterval(() => undefined, 1000));
}

await openBlobs(process.argv[2]!).put(endless());
