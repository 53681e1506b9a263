/** New versions of a model, each unlike all others, put into the folder and loaded one after the other. */
import { appendFile, copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { serveThread } from "@amaas/engine";
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";

export interface NewcomersApi {
  /** They are made of the model `template`. */
  begin(grpc: string, folder: string, template: string): void;
  /** Ends when the next one has taken the place of the last. */
  flip(): void;
}

const name = "newcomer";

let server: string;
let template: string;
let home: string;
let version = 0;

serveThread<NewcomersApi>({
  async begin(grpc, folder, model) {
    server = grpc;
    template = join(folder, model, "1", "model.onnx");
    home = join(folder, name);
    // An earlier round's.
    await rm(home, { recursive: true, force: true });
  },

  async flip() {
    version += 1;
    const file = join(home, String(version), "model.onnx");
    await mkdir(join(home, String(version)), { recursive: true });
    await copyFile(template, file);
    // Fields of a message may stand in any order, and this is its doc_string.
    const text = Buffer.from(`version ${version}`);
    await appendFile(file, Buffer.concat([Buffer.of(0x32, text.length), text]));
    const client = createClient(GRPCInferenceServiceDefinition, server, {
      telemetry: nullTelemetry(),
    });
    try {
      await client.repositoryModelLoad({ modelName: name }, { deadlineMs: 120_000 });
    } finally {
      client.close();
    }
    await rm(join(home, String(version - 1)), { recursive: true, force: true });
  },
});
