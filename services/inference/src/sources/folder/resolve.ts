/** From what lies in a model's folder, or was sent in its place, to what should be served of it. */
import { createHash } from "node:crypto";
import { DomainError, errorMessage } from "@amaas/errors";
import type { ModelConfig } from "@amaas/proto/inference/model_config";
import { checkConfig } from "../../model-config/check.ts";
import { configFromText } from "../../model-config/forms.ts";
import { chosenVersions } from "../../model-config/version-policy.ts";
import type { Wanted } from "../../model-version.ts";
import type { WantedModel } from "../source.ts";
import { digestOf, readFile } from "./file-look.ts";
import type { Seen, Survey } from "./survey.ts";

const usualFile = "model.onnx";
const mostConfig = 2 ** 20;
/** Of a file to warm up with: as large as a message. */
const mostSample = 64 * 2 ** 20;
/** Of files that may be gone by now, too. */
const mostDigests = 20_000;

/** Keeps the digests of files that have not changed. */
export class Resolver {
  readonly #persistent: boolean;
  readonly #digests = new Map<string, { readonly fingerprint: string; readonly digest: string }>();

  /** Whether versions that could not be loaded are tried again though nothing has changed. */
  constructor(persistent: boolean) {
    this.#persistent = persistent;
  }

  /** `config` takes the place of the one that is written down. */
  async resolve(surveyed: Survey, config?: ModelConfig): Promise<WantedModel> {
    const { name, versions, warmUp, fault } = surveyed;
    if (fault !== undefined) throw new DomainError("invalid-argument", fault);
    const stated = config ?? (await readConfig(surveyed));
    if (stated) checkConfig(stated, name);
    const file = surveyed.file ?? (stated?.defaultModelFilename || usualFile);
    const wanted: Wanted[] = [];
    for (const version of chosen(name, stated, [...versions.keys()])) {
      const found = versions.get(version)?.get(file) ?? {
        fault: `${version}/${file} is not there`,
      };
      const one = await this.#version(name, version, stated, found);
      wanted.push({ ...one, readWarmUp: (sample) => readSample(warmUp, sample) });
    }
    return { name, versions: wanted, labels: new Map() };
  }

  async #version(
    model: string,
    version: number,
    config: ModelConfig | undefined,
    found: Seen,
  ): Promise<Wanted> {
    const common = { model, version, config, traceparent: "", persistent: this.#persistent };
    try {
      if ("fault" in found) throw new DomainError("invalid-argument", found.fault);
      const digest = await this.#digest(found.path, found.fingerprint, () => digestOf(found));
      return { ...common, digest, bytes: found.bytes, read: () => readFile(found) };
    } catch (error) {
      const read = () => Promise.reject(error);
      return { ...common, digest: `none: ${errorMessage(error)}`, bytes: 0, read };
    }
  }

  async #digest(
    path: string,
    fingerprint: string,
    compute: () => Promise<string>,
  ): Promise<string> {
    const known = this.#digests.get(path);
    if (known?.fingerprint === fingerprint) return known.digest;
    const digest = await compute();
    if (this.#digests.size >= mostDigests) this.#digests.clear();
    this.#digests.set(path, { fingerprint, digest });
    return digest;
  }
}

/** A model of nothing but what was sent: the folder, if there is one, is left aside. */
export function resolveSent(
  name: string,
  config: ModelConfig,
  files: ReadonlyMap<string, Uint8Array>,
): WantedModel {
  checkConfig(config, name);
  const file = config.defaultModelFilename || usualFile;
  const contents = new Map<number, Uint8Array>();
  for (const [path, bytes] of files) {
    const [version, ...rest] = path.split("/");
    if (rest.join("/") === file) contents.set(Number(version), bytes);
  }
  const versions = chosen(name, config, [...contents.keys()]).map((version): Wanted => {
    const bytes = contents.get(version) ?? new Uint8Array();
    return {
      model: name,
      version,
      config,
      digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
      bytes: bytes.byteLength,
      traceparent: "",
      persistent: false,
      read: async () => bytes,
    };
  });
  return { name, versions, labels: new Map() };
}

function chosen(name: string, config: ModelConfig | undefined, available: number[]): number[] {
  const versions = chosenVersions(config?.versionPolicy, available);
  if (versions.length > 0) return versions;
  const found = available.length === 0 ? "none" : available.join(", ");
  throw new DomainError(
    "invalid-argument",
    `at least one version must be available under the version policy of model '${name}': found ${found}`,
  );
}

async function readSample(files: Survey["warmUp"], name: string): Promise<Uint8Array> {
  const found = files.get(name) ?? { fault: `warmup/${name.slice(0, 80)} is not there` };
  if ("fault" in found) throw new DomainError("invalid-argument", found.fault);
  if (found.bytes <= mostSample) return readFile(found);
  throw new DomainError(
    "invalid-argument",
    `warmup/${name} has ${found.bytes} bytes; wanted at most ${mostSample}`,
  );
}

/** Faults are told to whoever asks for the model, so they say where in the repository, and not where that is. */
async function readConfig({ name, config }: Survey): Promise<ModelConfig | undefined> {
  if (config === undefined) return undefined;
  if ("fault" in config) throw new DomainError("invalid-argument", config.fault);
  if (config.bytes > mostConfig)
    throw new DomainError(
      "invalid-argument",
      `${name}/config.pbtxt has ${config.bytes} bytes; wanted at most ${mostConfig}`,
    );
  const text = new TextDecoder().decode(await readFile(config));
  return configFromText(text, `${name}/config.pbtxt`);
}
