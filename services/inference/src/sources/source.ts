/**
 * Where it is written which models should be served: a registry, or a folder. A source says what should
 * be; the repository makes it so.
 */
import type { ModelConfig } from "@amaas/proto/inference/model_config";
import type { Wanted } from "../model-version.ts";

export interface WantedModel {
  readonly name: string;
  readonly versions: readonly Wanted[];
  /** Answers requests that name no version; the highest one that is ready where it is left out. */
  readonly preferred?: number;
  /** Names that requests may give in place of a number. */
  readonly labels: ReadonlyMap<string, number>;
  /** Why it is not known what should be served; what is served then stays. */
  readonly problem?: string;
}

/** What a request to load a model asks for beside its name. */
export interface LoadOrder {
  /** In place of the configuration that is written down. */
  readonly config?: ModelConfig;
  /** In place of the versions' files, by version and name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly version?: number;
  readonly alias?: string;
}

export interface ModelSource {
  /** What it is called in logs and metrics. */
  readonly kind: "registry" | "folder";
  /** Everything that should be served now. */
  read(): Promise<readonly WantedModel[]>;
  /** The names of all models, served or not. */
  offered(): Promise<readonly string[]>;
  /** When it should be read again for something that it has only seen once. */
  lookAgainMs?(): number | undefined;
  /** Has the model served from now on, as ordered. */
  load(model: string, order: LoadOrder): Promise<WantedModel>;
  /** Has the model, or one version of it, served no longer; tells what of it should be. */
  unload(model: string, version?: number): Promise<WantedModel | undefined>;
}
