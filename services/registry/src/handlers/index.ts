/** The registry's services: a handler for every method, or this does not compile. */
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import { type Implementation, implement } from "@amaas/rpc";
import type { Registry } from "../registry.ts";
import { createVersion } from "./create-version.ts";
import { downloadBlob } from "./download-blob.ts";
import { getModel } from "./get-model.ts";
import { getVersion } from "./get-version.ts";
import { listAliases } from "./list-aliases.ts";
import { listModels } from "./list-models.ts";
import { moveAlias } from "./move-alias.ts";
import { rollback } from "./rollback.ts";
import { statBlob } from "./stat-blob.ts";
import { uploadBlob } from "./upload-blob.ts";

export function handlers(registry: Registry): Implementation[] {
  return [
    implement(RegistryDefinition, {
      createVersion: createVersion(registry),
      getVersion: getVersion(registry),
      getModel: getModel(registry),
      listModels: listModels(registry),
      moveAlias: moveAlias(registry),
      rollback: rollback(registry),
      listAliases: listAliases(registry),
    }),
    implement(BlobsDefinition, {
      uploadBlob: uploadBlob(registry),
      downloadBlob: downloadBlob(registry),
      statBlob: statBlob(registry),
    }),
  ];
}
