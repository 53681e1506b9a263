/** Where models come from, by the configuration: a folder, or a registry and its blobs; not both. */
import { ConfigError } from "@amaas/config";
import type { InferenceConfig } from "../config.ts";

export type SourceSettings =
  | {
      readonly kind: "folder";
      readonly folder: string;
      readonly mode: "none" | "poll" | "explicit";
      readonly pollMs: number;
      /** In mode explicit; all of them where it has a "*". */
      readonly models: readonly string[];
    }
  | {
      readonly kind: "registry";
      readonly address: string;
      readonly blobsUrl: string;
      readonly alias: string;
      readonly pollMs: number;
    };

const defaultRegistry = "127.0.0.1:7102";

export function sourceSettings(config: InferenceConfig): SourceSettings {
  const { modelRepository: folder, registryAddress, blobsUrl } = config;
  if (folder === undefined) {
    if (blobsUrl === undefined)
      throw fault(
        "AMAAS_BLOBS_URL",
        "is not set; a registry needs it, a folder AMAAS_MODEL_REPOSITORY",
      );
    return {
      kind: "registry",
      address: registryAddress ?? defaultRegistry,
      blobsUrl,
      alias: config.alias,
      pollMs: config.pollSeconds * 1000,
    };
  }
  if (registryAddress !== undefined)
    throw fault(
      "AMAAS_MODEL_REPOSITORY",
      "is set beside AMAAS_REGISTRY_ADDRESS; wanted one of them",
    );
  const mode = config.modelControlMode as "none" | "poll" | "explicit";
  const models = (config.loadModels ?? "").split(",").flatMap((name) => name.trim() || []);
  if (models.length > 0 && mode !== "explicit")
    throw fault(
      "AMAAS_LOAD_MODELS",
      `is set in mode ${mode}; wanted AMAAS_MODEL_CONTROL_MODE explicit`,
    );
  return { kind: "folder", folder, mode, pollMs: config.repositoryPollSeconds * 1000, models };
}

function fault(field: string, description: string): ConfigError {
  return new ConfigError([{ field, description }]);
}
