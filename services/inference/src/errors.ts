/**
 * What the inference service refuses. Where Triton has a text for a refusal it is Triton's, since
 * clients and their tests look for it; what was found and wanted follows.
 */
import { DomainError } from "@amaas/errors";
import type { Misplaced } from "./contents.ts";
import type { Place } from "./request.ts";

/** Text from outside, short enough to be repeated in a message. */
function quoted(text: string): string {
  return `'${text.length > 80 ? `${text.slice(0, 80)}…` : text}'`;
}

const dims = (shape: readonly (number | bigint)[]): string => `[${shape.join(",")}]`;
const input = ({ name, model }: Place): string =>
  `input ${quoted(name)} for model ${quoted(model)}`;
const list = (names: readonly string[]): string => `[${names.map(quoted).join(",")}]`;

function invalid(field: string, message: string, cause?: unknown): DomainError {
  return new DomainError("invalid-argument", message, {
    violations: [{ field, description: message }],
    cause,
  });
}

export function modelUnknown(model: string): DomainError {
  return new DomainError("not-found", `Request for unknown model: ${quoted(model)} is not found`);
}

export function versionUnknown(
  model: string,
  version: string,
  served: readonly (number | string)[],
): DomainError {
  const what =
    served.length === 1 ? `version ${served[0]} is` : `versions ${served.join(", ")} are`;
  return new DomainError(
    "not-found",
    `Request for unknown model: ${quoted(model)} version ${quoted(version)} is not found; ${what} served`,
  );
}

export function modelLoading(model: string, version: number): DomainError {
  return new DomainError(
    "unavailable",
    `Request for unknown model: ${quoted(model)} is not at ready state: version ${version} is loading`,
    { retryAfterMs: 500 },
  );
}

export function modelFailed(model: string, reason: string): DomainError {
  return new DomainError(
    "not-found",
    `Request for unknown model: ${quoted(model)} has no available versions: ${reason}`,
  );
}

export function loadFailed(model: string, reason: string): DomainError {
  return new DomainError("invalid-argument", `failed to load ${quoted(model)}, ${reason}`);
}

export function modelNotInRepository(model: string, reason: string): DomainError {
  return new DomainError(
    "internal",
    `failed to load ${quoted(model)}, failed to poll from model repository: ${reason}`,
  );
}

export function fileNameRefused(model: string, path: string): DomainError {
  return new DomainError(
    "internal",
    `failed to load ${quoted(model)}, Invalid file path: found ${quoted(path)}, wanted <version>/<file name>`,
  );
}

export function modelNotNamed(): DomainError {
  return invalid("model_name", "model_name is empty; wanted the name of a model");
}

export function repositoryNamed(repository: string): DomainError {
  const message = `'repository_name' specification is not supported: found ${quoted(repository)}, and there is one repository, which has no name`;
  return new DomainError("unimplemented", message, {
    violations: [{ field: "repository_name", description: message }],
  });
}

export function modelControlOff(): DomainError {
  return new DomainError(
    "unavailable",
    "explicit model load / unload is not allowed if polling is enabled: wanted model control mode explicit",
  );
}

export function wrongInputs(
  model: string,
  wanted: readonly string[],
  got: readonly string[],
): DomainError {
  const missing = wanted.filter((name) => !got.includes(name));
  return invalid(
    "inputs",
    `expected ${wanted.length} inputs but got ${got.length} inputs for model ${quoted(model)}. Got input(s) ${list(got.slice(0, 20))}, but missing required input(s) ${list(missing)}. Please provide all required input(s).`,
  );
}

export function unexpectedInput({ model, name, field }: Place): DomainError {
  return invalid(field, `unexpected inference input ${quoted(name)} for model ${quoted(model)}`);
}

export function repeatedInput({ model, name, field }: Place): DomainError {
  return invalid(
    field,
    `input ${quoted(name)} already exists in request for model ${quoted(model)}`,
  );
}

export function unexpectedOutput({ model, name, field }: Place): DomainError {
  return invalid(field, `unexpected inference output ${quoted(name)} for model ${quoted(model)}`);
}

export function repeatedOutput({ model, name, field }: Place): DomainError {
  return invalid(field, `output ${quoted(name)} is requested twice for model ${quoted(model)}`);
}

export function wrongDatatype(at: Place, found: string, wanted: string): DomainError {
  return invalid(
    `${at.field}.datatype`,
    `inference input ${quoted(at.name)} data-type is ${quoted(found)}, but model ${quoted(at.model)} expects ${quoted(wanted)}`,
  );
}

export function wrongShape(
  at: Place,
  found: readonly bigint[],
  wanted: readonly number[],
): DomainError {
  return invalid(
    `${at.field}.shape`,
    `unexpected shape for ${input(at)}. Expected ${dims(wanted)}, got ${dims(found.slice(0, 32))}`,
  );
}

export function tooManyElements(at: Place, found: readonly bigint[], limit: number): DomainError {
  return invalid(
    `${at.field}.shape`,
    `shape ${dims(found.slice(0, 32))} of ${input(at)} has more than ${limit} elements`,
  );
}

export function tooManyDimensions(at: Place, found: number, limit: number): DomainError {
  return invalid(
    `${at.field}.shape`,
    `shape of ${input(at)} has ${found} dimensions; wanted at most ${limit}`,
  );
}

export function unequalRows(model: string, name: string, found: number, rows: number): DomainError {
  return invalid(
    "inputs",
    `input ${quoted(name)} batch size does not match other inputs for ${quoted(model)}: found ${found}, others have ${rows}`,
  );
}

export function tooManyRows(model: string, rows: number, most: number): DomainError {
  return invalid(
    "inputs",
    `inference request batch-size must be <= ${most} for ${quoted(model)}, found ${rows}`,
  );
}

export function wrongByteSize(at: Place, found: number, wanted: number): DomainError {
  return invalid(
    at.field,
    `input byte size mismatch for ${input(at)}. Expected ${wanted}, got ${found}`,
  );
}

export function wrongElementCount(at: Place, found: number, wanted: number): DomainError {
  return invalid(
    at.field,
    `input element count mismatch for ${input(at)}. Expected ${wanted}, got ${found}`,
  );
}

/** The tensor's own complaint, with the input that it is about. */
export function malformedInput(at: Place, cause: DomainError): DomainError {
  return invalid(at.field, `${input(at)} is malformed: ${cause.message}`, cause);
}

export function contentsBesideRaw({ model, name, field }: Place): DomainError {
  return invalid(
    `${field}.contents`,
    `contents field must not be specified when using raw_input_contents for ${quoted(name)} for model ${quoted(model)}`,
  );
}

export function wrongContents(
  at: Place,
  wantedType: string,
  { type, found, wanted }: Misplaced,
): DomainError {
  return invalid(
    `${at.field}.contents`,
    `unexpected explicit tensor data for input tensor ${quoted(at.name)} for model ${quoted(at.model)} of type '${type}', expected datatype '${wantedType}': found ${found}, wanted ${wanted}`,
  );
}

export function wrongRawCount(model: string, inputs: number, raw: number): DomainError {
  return invalid(
    "raw_input_contents",
    `the number of inputs (${inputs}) does not match the number of raw input contents (${raw}) for model ${quoted(model)}`,
  );
}

export function notImplemented(field: string, name: string, instead: string): DomainError {
  return new DomainError(
    "unimplemented",
    `parameter ${quoted(name)} is not implemented; ${instead}`,
    { violations: [{ field, description: `${name} is not implemented; ${instead}` }] },
  );
}

export function modelTooLarge(model: string, bytes: number, limit: number): DomainError {
  return new DomainError(
    "invalid-argument",
    `model ${quoted(model)} has ${bytes} bytes; at most ${limit} can be loaded`,
  );
}

export function modelOverBudget(model: string, bytes: number, budget: number): DomainError {
  return new DomainError(
    "invalid-argument",
    `model ${quoted(model)} takes about ${bytes} bytes of memory; all models together may take ${budget}`,
  );
}

export function memoryBusy(
  model: string,
  bytes: number,
  budget: number,
  waitedMs: number,
): DomainError {
  return new DomainError(
    "resource-exhausted",
    `no memory for model ${quoted(model)}: it takes about ${bytes} of ${budget} bytes, and within ${waitedMs} ms others made no room`,
    { retryAfterMs: 1000 },
  );
}

/** What kept it from being loaded may pass. */
export function loadedInVain(
  model: string,
  version: number,
  reason: string,
  retryAfterMs: number,
): DomainError {
  return new DomainError(
    "unavailable",
    `model ${quoted(model)} version ${version} could not be loaded when it was asked for: ${reason}`,
    { retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)) },
  );
}

export function noSystemSharedMemory(): DomainError {
  return new DomainError(
    "unimplemented",
    "system shared memory is not implemented: clients need not be on this machine; send tensors in raw_input_contents",
  );
}

export function noCudaSharedMemory(): DomainError {
  return new DomainError(
    "unimplemented",
    "CUDA shared memory is not implemented: models run on the processor; send tensors in raw_input_contents",
  );
}

export function badParameter(field: string, message: string): DomainError {
  return invalid(field, message);
}

export function notClassifiable(output: string, type: string): DomainError {
  return invalid(
    "outputs",
    `class result not available for output ${quoted(output)} due to unsupported type '${type}'`,
  );
}

/** onnxruntime's binding takes text that ends at the first zero byte. */
export function zeroInText(at: Place, index: number): DomainError {
  return invalid(
    at.field,
    `${input(at)} is malformed: BYTES element ${index} holds a zero byte, which the engine's text cannot; encode it, for example in base64`,
  );
}

export function badSetting(message: string): DomainError {
  return invalid("settings", message);
}

/** A setting that is told but cannot be changed from outside. */
export function fixedSetting(message: string): DomainError {
  return new DomainError("unimplemented", message, {
    violations: [{ field: "settings", description: message }],
  });
}

export function unknownSetting(
  kind: "log" | "trace",
  name: string,
  known: readonly string[],
): DomainError {
  return badSetting(`unknown ${kind} setting ${quoted(name)}; known are ${list(known)}`);
}

export function unknownModelSetting(model: string): DomainError {
  return invalid("model_name", `Request for unknown model : ${model.slice(0, 80)}`);
}
