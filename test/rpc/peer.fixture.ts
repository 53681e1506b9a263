/** The other side of a call, in a process that a test may stop or kill. */
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { createClient, createServer, implement } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";

const telemetry = nullTelemetry();
const never = () => new Promise<never>(() => {});

async function serve(port: number): Promise<void> {
  const blobs = implement(BlobsDefinition, {
    async uploadBlob(requests) {
      let bytes = 0;
      for await (const { chunk } of requests) bytes += chunk.length;
      return { digest: "", bytes };
    },
    async *downloadBlob({ digest }) {
      yield { chunk: new Uint8Array(1000) };
      if (digest === "quiet") await never();
      for (;;) yield { chunk: new Uint8Array(1000) };
    },
    async statBlob({ digest }) {
      return digest === "never" ? never() : { exists: true, bytes: digest.length };
    },
  });
  const server = createServer({ telemetry, services: [blobs] });
  process.send?.(await server.listen("127.0.0.1", port));
}

async function call(address: string, digest: string): Promise<void> {
  const client = createClient(BlobsDefinition, address, { telemetry });
  for await (const _ of client.downloadBlob({ digest })) process.send?.("streaming");
}

const [role, target = "", digest = ""] = process.argv.slice(2);
process.on("disconnect", () => process.exit());
if (role === "server") await serve(Number(target));
else await call(target, digest);
