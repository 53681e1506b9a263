/**
 * What the server is compared with: onnxruntime in a loop on the thread of this process, with the threads of its own that
 * the server has, and its graph rewritten as far as it goes. Prints one JSON object: for each batch size the runs per second and their CPU time.
 *
 * node bare-loop.ts MODEL FEATURES SECONDS BATCHES THREADS
 */
import { readFile } from "node:fs/promises";
import { openSession } from "@amaas/engine";
import { tensor } from "@amaas/tensor";

const [file = "", features = "", seconds = "", batches = "", threads = ""] = process.argv.slice(2);
const session = await openSession(await readFile(file), {
  threads: Number(threads),
  optimization: "all",
});

async function measure(batch: number) {
  const data = new Float32Array(batch * Number(features)).fill(1);
  const feeds = { features: tensor("FP32", [batch, Number(features)], data) };
  for (let run = 0; run < 3; run++) await session.run(feeds);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  let runs = 0;
  while (performance.now() - began < 1000 * Number(seconds)) {
    await session.run(feeds);
    runs += 1;
  }
  const elapsed = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    batch,
    samplesPerSecond: (runs * batch) / elapsed,
    cpuMicroseconds: (user + system) / runs,
  };
}

const found = [];
for (const batch of batches.split(",")) found.push(await measure(Number(batch)));
process.stdout.write(JSON.stringify(found));
