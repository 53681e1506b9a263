/** Models: what the registry holds, where the aliases stand, and the files themselves. */
import { DomainError } from "@amaas/errors";
import { type EvaluationRecord, readRecord } from "@amaas/evaluation";
import type {
  Alias,
  GetModelResponse,
  Model,
  RegistryDefinition,
  Version,
} from "@amaas/proto/amaas/registry/v1/registry";
import type { Client } from "@amaas/rpc";
import type { Blobs, TransferOptions } from "./blobs.ts";

export interface ModelDetails {
  readonly model: Model;
  /** Newest first. */
  readonly versions: readonly Version[];
  /** Every move of every alias, newest first. */
  readonly history: readonly Alias[];
}

export interface PromoteOptions {
  /** The revision of the alias that the caller saw; refused when it has moved since. */
  readonly expectedRevision?: number;
  readonly reason?: string;
}

export interface Models {
  list(): Promise<Model[]>;
  get(name: string): Promise<ModelDetails>;
  /** A version by its number or by an alias. */
  version(name: string, which: number | string): Promise<Version>;
  /** What its evaluation found, with intervals, baselines and a verdict; undefined where it has none. */
  evaluation(name: string, which: number | string): Promise<EvaluationRecord | undefined>;
  promote(name: string, version: number, alias: string, options?: PromoteOptions): Promise<Alias>;
  /** Moves the alias to the version it stood at before. */
  rollback(name: string, alias: string, reason?: string): Promise<Alias>;
  /** The ONNX file of a version, into a file. */
  download(
    name: string,
    which: number | string,
    to: string,
    options?: TransferOptions,
  ): Promise<Version>;
}

const pageSize = 1000;
const mostRecordBytes = 16 << 20;

export function modelsOf(client: Client<RegistryDefinition>, blobs: Blobs): Models {
  const versionOf = async (name: string, which: number | string): Promise<Version> => {
    const { version } = await client.getVersion({
      model: name,
      which:
        typeof which === "number"
          ? { $case: "version", value: which }
          : { $case: "alias", value: which },
    });
    return present(version);
  };
  return {
    async list() {
      const all: Model[] = [];
      for (let after = ""; ; ) {
        const { models } = await client.listModels({ limit: pageSize, after });
        all.push(...models);
        const last = models.at(-1);
        if (last === undefined || models.length < pageSize) return all;
        after = last.name;
      }
    },
    get: async (name) => details(await client.getModel({ name })),
    version: versionOf,
    async evaluation(name, which) {
      const { evaluation } = await versionOf(name, which);
      if (evaluation === "") return undefined;
      return readRecord(await blobs.read(evaluation, mostRecordBytes));
    },
    async promote(model, version, alias, { expectedRevision, reason = "" } = {}) {
      const moved = await client.moveAlias({ model, version, alias, expectedRevision, reason });
      return present(moved.alias);
    },
    async rollback(model, alias, reason = "") {
      return present((await client.rollback({ model, alias, reason })).alias);
    },
    async download(name, which, to, options = {}) {
      const version = await versionOf(name, which);
      await blobs.download(version.digest, to, options);
      return version;
    },
  };
}

function details({ model, versions, history }: GetModelResponse): ModelDetails {
  return { model: present(model), versions, history };
}

function present<T>(found: T | undefined): T {
  if (found === undefined)
    throw new DomainError("internal", "the registry answered without what was asked for");
  return found;
}
