import { nullTelemetry } from "@amaas/telemetry";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { createClient, createServer, implement } from "../src/index.ts";
const telemetry = nullTelemetry();
const server = createServer({ telemetry, services: [implement(BlobsDefinition, {
  async uploadBlob(r) { return { digest: "", bytes: 0 }; },
  async *downloadBlob() {},
  async statBlob(_r, { signal }) { console.log("in"); await new Promise<void>((r) => signal.addEventListener("abort", () => r())); console.log("told", signal.reason); throw signal.reason; },
})] });
const port = await server.listen("127.0.0.1", 0);
const client = createClient(BlobsDefinition, `127.0.0.1:${port}`, { telemetry });
const c = new AbortController();
setTimeout(() => { console.log("abort"); c.abort(); }, 100);
console.log(await client.statBlob({}, { signal: c.signal }).catch((e) => e.code));
setTimeout(() => process.exit(), 1000);
