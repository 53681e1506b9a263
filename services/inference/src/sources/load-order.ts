/**
 * What the parameters of a load request ask for: `config`, JSON in place of the model's configuration;
 * `file:<version>/<name>`, bytes in place of its files; `version` or `alias`, of a registry's model.
 */
import { errorMessage } from "@amaas/errors";
import type { ModelRepositoryParameter } from "@amaas/proto/inference/grpc_service";
import { fileNameRefused, loadFailed } from "../errors.ts";
import { isPlainName } from "../model-config/check.ts";
import { configFromJson } from "../model-config/forms.ts";
import type { LoadOrder } from "./source.ts";

const filePrefix = "file:";

export type Parameters = Readonly<Record<string, ModelRepositoryParameter>>;

export function loadOrder(model: string, parameters: Parameters): LoadOrder {
  const files = new Map<string, Uint8Array>();
  const order: { -readonly [K in keyof LoadOrder]: LoadOrder[K] } = { files };
  for (const [name, { parameterChoice: choice }] of Object.entries(parameters)) {
    if (name === "config") {
      // An empty one is none: that is what clients send for it.
      const text = textOf(model, name, choice);
      if (text !== "") order.config = configOf(model, text);
    } else if (name === "version") order.version = versionOf(model, choice);
    else if (name === "alias") order.alias = textOf(model, name, choice);
    else if (name.startsWith(filePrefix)) {
      const path = name.slice(filePrefix.length);
      const [version, file, ...more] = path.split("/");
      if (!/^[1-9]\d{0,14}$/.test(version ?? "") || more.length > 0 || !isPlainName(file ?? ""))
        throw fileNameRefused(model, path);
      if (choice?.$case !== "bytesParam") throw wrongKind(model, name, choice, "bytes_param");
      files.set(path, choice.value);
    } else throw loadFailed(model, `unrecognized load parameter '${name.slice(0, 80)}'`);
  }
  return order;
}

/** The version that an unload request names; the model as a whole where it names none. */
export function unloadedVersion(model: string, { version }: Parameters): number | undefined {
  return version && versionOf(model, version.parameterChoice);
}

type Choice = ModelRepositoryParameter["parameterChoice"];

function configOf(model: string, text: string) {
  try {
    return configFromJson(text);
  } catch (error) {
    throw loadFailed(model, errorMessage(error));
  }
}

function textOf(model: string, name: string, choice: Choice): string {
  if (choice?.$case === "stringParam") return choice.value;
  throw wrongKind(model, name, choice, "string_param");
}

function versionOf(model: string, choice: Choice): number {
  const text =
    choice?.$case === "int64Param" || choice?.$case === "stringParam" ? String(choice.value) : "";
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw loadFailed(model, `version is '${text.slice(0, 80)}'; wanted a number from 1`);
}

function wrongKind(model: string, name: string, choice: Choice, wanted: string): Error {
  const found = choice ? choice.$case.replace("Param", "_param") : "nothing";
  return loadFailed(model, `parameter '${name.slice(0, 80)}' has ${found}; wanted ${wanted}`);
}
