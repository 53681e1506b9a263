/** From what lies in a model's folder, or was sent in its place, to what should be served of it. */
import { webcrypto } from "node:crypto";
import { DomainError, errorMessage } from "@amaas/errors";
import type { ModelConfig } from "@amaas/proto/inference/model_config";
import type { Background } from "../../background/background.ts";
import { checkConfig } from "../../model-config/check.ts";
import { configFromText } from "../../model-config/forms.ts";
import { chosenVersions } from "../../model-config/version-policy.ts";
import type { Wanted } from "../../model-version.ts";
import type { WantedModel } from "../source.ts";
import { readClassLabels } from "./class-labels.ts";
import { type FileLook, readFile } from "./file-look.ts";
import { KnownFiles } from "./known-files.ts";
import { locationsOf, type ModelFile, modelFiles } from "./model-files.ts";
import { configFile, type Seen, type Survey } from "./survey.ts";

const usualFile = "model.onnx";
const mostConfig = 2 ** 20;
/** Of a file to warm up with: as large as a message. */
const mostSample = 64 * 2 ** 20;

/** Keeps what it knows of files that have not changed. */
export class Resolver {
  readonly #persistent: boolean;
  readonly #known: KnownFiles;

  /** `persistent`: versions that could not be loaded are tried again though nothing has changed. */
  constructor(background: Pick<Background, "digest">, persistent: boolean) {
    this.#known = new KnownFiles(background);
    this.#persistent = persistent;
  }

  /** `config` takes the place of the one that is written down. */
  async resolve(surveyed: Survey, config?: ModelConfig): Promise<WantedModel> {
    const { name, versions, warmUp, fault } = surveyed;
    if (fault !== undefined) throw new DomainError("invalid-argument", fault);
    const stated = config ?? (await readConfig(surveyed));
    if (stated) checkConfig(stated, name);
    const file = surveyed.file ?? (stated?.defaultModelFilename || usualFile);
    const labels = stated && (await readClassLabels(stated, surveyed.files));
    const wanted: Wanted[] = [];
    for (const version of chosen(name, stated, [...versions.keys()])) {
      const files = versions.get(version) ?? new Map();
      const one = await this.#version(name, version, stated, files, file);
      const readWarmUp = (sample: string) => readSample(warmUp, sample);
      wanted.push({ ...one, readWarmUp, ...(labels && { classLabels: labels }) });
    }
    return { name, versions: wanted, labels: new Map() };
  }

  async #version(
    model: string,
    version: number,
    config: ModelConfig | undefined,
    files: ReadonlyMap<string, Seen>,
    name: string,
  ): Promise<Wanted> {
    const common = { model, version, config, traceparent: "", persistent: this.#persistent };
    const find = (file: string) => wantedFile(files.get(file), `${version}/${file}`);
    try {
      const found = find(name);
      // Alone it can have no weights elsewhere; it need not be read before it is loaded.
      const locations = files.size > 1 ? await this.#known.locations(found) : [];
      const whole = await modelFiles(this.#known.modelFile(found), locations, (file) =>
        this.#known.modelFile(find(file)),
      );
      return { ...common, ...whole };
    } catch (error) {
      const read = () => Promise.reject(error);
      return { ...common, digest: `none: ${errorMessage(error)}`, bytes: 0, read };
    }
  }
}

function wantedFile(seen: Seen | undefined, name: string): FileLook {
  if (!seen) throw new DomainError("invalid-argument", `${name} is not there`);
  if ("fault" in seen) throw new DomainError("invalid-argument", seen.fault);
  return seen;
}

/** A model of nothing but what was sent: the folder, if there is one, is left aside. */
export async function resolveSent(
  name: string,
  config: ModelConfig,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<WantedModel> {
  checkConfig(config, name);
  await readClassLabels(config, new Map());
  const file = config.defaultModelFilename || usualFile;
  const sent = (version: number, wanted: string) => files.get(`${version}/${wanted}`);
  const numbers = new Set(Array.from(files.keys(), (path) => Number(path.split("/")[0])));
  const available = [...numbers].filter((version) => sent(version, file));
  const versions: Wanted[] = [];
  for (const version of chosen(name, config, available)) {
    const find = (wanted: string) => {
      const bytes = sent(version, wanted);
      if (bytes) return sentFile(bytes);
      throw new DomainError("invalid-argument", `file:${version}/${wanted} was not sent`);
    };
    const model = find(file);
    const locations = files.size > 1 ? locationsOf(await model.read()) : [];
    const whole = await modelFiles(model, locations, find);
    const common = { model: name, version, config, traceparent: "", persistent: false };
    versions.push({ ...common, ...whole });
  }
  return { name, versions, labels: new Map() };
}

function sentFile(bytes: Uint8Array): ModelFile {
  return {
    bytes: bytes.byteLength,
    async digest() {
      const hash = await webcrypto.subtle.digest("SHA-256", bytes);
      return `sha256:${Buffer.from(hash).toString("hex")}`;
    },
    // Whoever reads it owns what was read.
    read: async () => bytes.slice(),
    async readPlaces(places) {
      for (const { target, offset } of places)
        target.set(bytes.subarray(offset, offset + target.byteLength));
    },
  };
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
async function readConfig({ name, files }: Survey): Promise<ModelConfig | undefined> {
  const config = files.get(configFile);
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
