/**
 * From a document to a job spec: checked against the schema and against itself, defaults filled in.
 *
 * Either everything is right, or one error names every faulty field. Nothing of the document is
 * kept or changed.
 */
import { DomainError, type Violation } from "@amaas/errors";
import { Ajv2020 } from "ajv/dist/2020.js";
import jobSchema from "../job.schema.json" with { type: "json" };
import { architectureChecks } from "./architecture-consistency.ts";
import type { ArchitectureSpec } from "./architecture-spec.ts";
import { inconsistencies } from "./consistency.ts";
import { copyDocument, isObject, type Json } from "./document.ts";
import { faultsOf } from "./faults.ts";
import type { JobSpec, Task } from "./job-spec.ts";
import { defaultLoss } from "./loss-spec.ts";

type Fields = { [key: string]: Json };

/** An error has to fit into the headers of a response. */
const maxViolations = 30;

const schemas = new Ajv2020({
  allErrors: true,
  discriminator: true,
  useDefaults: true,
  verbose: true,
  // Class weights are a word, or numbers by class.
  allowUnionTypes: true,
  keywords: ["wanted"],
});
const validate = schemas.compile<JobSpec>(jobSchema);
const validateArchitecture = schemas.compile<Pick<JobSpec, "architecture">>({
  type: "object",
  properties: { architecture: { $ref: `${jobSchema.$id}#/properties/architecture` } },
});

/** @throws DomainError invalid-argument with a violation for each faulty field. */
export function parseJobSpec(document: unknown): JobSpec {
  const spec: unknown = withDefaults(copyDocument(document));
  const sound = validate(spec);
  const faults = faultsOf(validate.errors ?? []);
  faults.push(...inconsistencies(spec, faults));
  if (sound && faults.length === 0) return spec;
  throw faultySpec(faults);
}

/** The architecture part by itself, for who builds a network without a job; refused likewise. */
export function parseArchitecture(document: unknown): ArchitectureSpec {
  const spec: unknown = { architecture: copyDocument(document) };
  const sound = validateArchitecture(spec);
  const faults = faultsOf(validateArchitecture.errors ?? []);
  faults.push(...inconsistencies(spec, faults, architectureChecks));
  if (sound && faults.length === 0) return spec.architecture;
  throw faultySpec(faults, "architecture");
}

/** Fills in the defaults that the schema cannot say, as they depend on other fields. */
function withDefaults(document: Json): Json {
  if (!isObject(document)) return document;
  const { task, split } = document;
  const byTime = split !== undefined && isObject(split) && split.time !== undefined;
  const stratify = task === "classification" && !byTime;
  const divided = filledIn(document, "split", { stratify }, {});
  const filled = filledIn(divided, "training", { keep: keepOf(document.training) });
  if (!isTask(task)) return filled;
  return filledIn(filled, "training", { loss: { type: defaultLoss[task] } });
}

function isTask(task: Json | undefined): task is Task {
  return typeof task === "string" && Object.hasOwn(defaultLoss, task);
}

function keepOf(training: Json | undefined): "best" | "last" {
  if (training === undefined || !isObject(training)) return "last";
  return training.earlyStopping === undefined ? "last" : "best";
}

/** The document with fields of one section put in, where the section is there and leaves them out. */
function filledIn(document: Fields, section: string, fields: Fields, absent?: Fields): Fields {
  const found = document[section] === undefined ? absent : document[section];
  if (found === undefined || !isObject(found)) return document;
  return { ...document, [section]: { ...fields, ...found } };
}

/** The refusal of a spec with these faults. */
export function faultySpec(faults: readonly Violation[], what = "job spec"): DomainError {
  const violations = faults.slice(0, maxViolations);
  const told = violations.map(({ field, description }) =>
    field === "" ? `the document: ${description}` : `${field}: ${description}`,
  );
  const rest = faults.length - violations.length;
  const count = faults.length === 1 ? "a fault" : `${faults.length} faults`;
  return new DomainError(
    "invalid-argument",
    `the ${what} has ${count}: ${told.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`,
    { violations },
  );
}
