/**
 * Which inferences are traced: Triton's trace settings, for all models and for single ones, changed
 * while they are served.
 *
 * What a model has no setting for is as it is for all models, and what those have none for as the
 * environment says (`OTEL_TRACES_SAMPLER`). A caller who brings a trace has decided: the settings are for
 * traces that begin here. A stream is one trace.
 */
import { type RootSampler, withSampled } from "@amaas/telemetry";
import type { Caller, Infer } from "./infer.ts";

export type TraceLevel = "OFF" | "TIMESTAMPS";

export interface TraceSetting {
  readonly level: TraceLevel;
  /** One in so many is traced; 0: none. */
  readonly rate: number;
  /** So many are still traced; -1: any number. */
  readonly count: number;
}

/** What is set anew; null is set no longer. */
export type TraceChange = { readonly [F in keyof TraceSetting]?: TraceSetting[F] | null };

interface Scope {
  readonly above: Scope | undefined;
  readonly own: { -readonly [F in keyof TraceSetting]?: TraceSetting[F] };
  seen: number;
}

/** Spans with which an inference begins, over gRPC and over REST. */
const inference = /\/(ModelInfer|ModelStreamInfer|.*infer)$/;

export class TraceSettings {
  readonly #environment: Scope;
  readonly #global: Scope;
  readonly #models = new Map<string, Scope>();

  /** `share` of new traces is what the environment asks for. */
  constructor(share: number) {
    const level = share > 0 ? "TIMESTAMPS" : "OFF";
    const rate = share > 0 ? Math.round(1 / share) : 1;
    this.#environment = { above: undefined, own: { level, rate, count: -1 }, seen: 0 };
    this.#global = { above: this.#environment, own: {}, seen: 0 };
  }

  /** What holds for a model; for those without settings of their own where it is empty. */
  of(model: string): TraceSetting {
    const scope = this.#models.get(model) ?? this.#global;
    return {
      level: field(scope, "level"),
      rate: field(scope, "rate"),
      count: field(scope, "count"),
    };
  }

  change(model: string, change: TraceChange): void {
    const scope = model === "" ? this.#global : this.#scopeOf(model);
    for (const [name, value] of Object.entries(change)) {
      if (value === null) delete scope.own[name as keyof TraceSetting];
      else Object.assign(scope.own, { [name]: value });
    }
    if (isEmpty(scope)) this.#models.delete(model);
  }

  /** For new traces that begin with an inference, before its model is known. */
  readonly sampleRoot: RootSampler = (name) =>
    isEmpty(this.#global) || !inference.test(name) ? undefined : sample(this.#global);

  /** For the inferences of a model with settings of its own; undefined for those of others. */
  sampleModel(model: string): boolean | undefined {
    const scope = this.#models.get(model);
    return scope && sample(scope);
  }

  #scopeOf(model: string): Scope {
    const known = this.#models.get(model);
    if (known !== undefined) return known;
    const scope: Scope = { above: this.#global, own: {}, seen: 0 };
    this.#models.set(model, scope);
    return scope;
  }
}

/** The same inferences, those of models with settings of their own traced as those say. */
export function tracedBy(traces: TraceSettings, infer: Infer): Infer {
  return (request, caller) => infer(request, callerOf(traces, request.modelName, caller));
}

function callerOf(traces: TraceSettings, model: string, caller: Caller): Caller {
  const sampled = traces.sampleModel(model);
  if (sampled === undefined || caller.metadata("traceparent") !== undefined) return caller;
  return {
    signal: caller.signal,
    deadline: caller.deadline,
    traceparent: withSampled(caller.traceparent, sampled),
    metadata: (name) => caller.metadata(name),
  };
}

function field<F extends keyof TraceSetting>(scope: Scope, name: F): TraceSetting[F] {
  return ownerOf(scope, name).own[name] as TraceSetting[F];
}

/** The nearest scope that says something about a field; the environment says something about all. */
function ownerOf(scope: Scope, name: keyof TraceSetting): Scope {
  return scope.own[name] !== undefined || scope.above === undefined
    ? scope
    : ownerOf(scope.above, name);
}

/** The last of every `rate` is traced, as in Triton. */
function sample(scope: Scope): boolean {
  const rate = field(scope, "rate");
  if (field(scope, "level") === "OFF" || rate === 0) return false;
  const { own } = ownerOf(scope, "count");
  if (own.count === 0 || ++scope.seen % rate !== 0) return false;
  if (own.count !== undefined && own.count > 0) own.count -= 1;
  return true;
}

function isEmpty({ own }: Scope): boolean {
  return Object.keys(own).length === 0;
}
