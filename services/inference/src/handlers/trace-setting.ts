/**
 * TraceSetting: reads and changes which inferences are traced, with Triton's names and refusals.
 *
 * Traces go where OTEL_EXPORTER_OTLP_ENDPOINT says (Triton's mode `opentelemetry`), so the settings of
 * trace files are not there to be changed. Nothing is changed by a request that is refused.
 */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import { badSetting, fixedSetting, unknownModelSetting, unknownSetting } from "../errors.ts";
import type { Inference } from "../inference.ts";
import type { TraceChange, TraceLevel, TraceSetting } from "../trace-settings.ts";

type Values = readonly string[];

const mode = "opentelemetry";
const largest = { trace_rate: 2 ** 32 - 1, trace_count: 2 ** 31 - 1 } as const;

/** What each setting changes when it is given values, or why it changes nothing. */
const settings: Readonly<Record<string, (values: Values) => TraceChange>> = {
  trace_level: (values) => ({ level: values.length === 0 ? null : levelOf(values) }),
  trace_rate: (values) => ({ rate: integer("trace_rate", values, 0) }),
  trace_count: (values) => ({ count: integer("trace_count", values, -1) }),
  trace_file() {
    throw fixedSetting("trace file location can not be updated through network protocol");
  },
  log_frequency() {
    throw fixedSetting("log_frequency is a setting of trace files; traces are exported by OTLP");
  },
  trace_mode(values) {
    if (values.length === 1 && values[0] === mode) return {};
    throw fixedSetting(`trace_mode is '${mode}' and can not be updated through network protocol`);
  },
};

export function traceSetting({
  repository,
  traces,
  events,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["traceSetting"] {
  return async ({ settings: asked, modelName }) => {
    if (modelName !== "" && !knows(repository, modelName)) throw unknownModelSetting(modelName);
    const change = changeOf(Object.entries(asked));
    if (Object.keys(change).length > 0) {
      traces.change(modelName, change);
      events.traceSettingsChanged(modelName, change);
    }
    return { settings: told(traces.of(modelName)) };
  };
}

function knows(repository: Inference["repository"], model: string): boolean {
  for (const { name } of repository.models()) if (name === model) return true;
  return false;
}

function changeOf(asked: readonly [name: string, { value: Values }][]): TraceChange {
  const changes = asked.map(([name, { value }]) => {
    const read = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (read === undefined) throw unknownSetting("trace", name, Object.keys(settings));
    return read(value);
  });
  return Object.assign({}, ...changes);
}

function levelOf(values: Values): TraceLevel {
  if (values.includes("OFF")) {
    if (values.length > 1) throw badSetting("Expect only one trace level 'OFF' is specified");
    return "OFF";
  }
  if (values.includes("TENSORS"))
    throw fixedSetting("trace level 'TENSORS' is not implemented: spans carry no tensors");
  const other = values.find((value) => value !== "TIMESTAMPS");
  if (other !== undefined)
    throw badSetting(`Unable to parse 'trace_level', got: ${other}; wanted OFF or TIMESTAMPS`);
  return "TIMESTAMPS";
}

function integer(name: keyof typeof largest, values: Values, least: number): number | null {
  const [text] = values;
  if (text === undefined) return null;
  if (values.length > 1) throw badSetting(`expect only 1 value for '${name}'`);
  if (!/^\s*[+-]?\d+$/.test(text)) throw badSetting(`Unable to parse '${name}', got: ${text}`);
  const value = Number(text);
  if (value < least && value >= -(2 ** 31))
    throw badSetting(`Unable to parse '${name}'. Expecting value >= ${least}, got: ${text}`);
  if (value < least || value > largest[name])
    throw badSetting(
      `Unable to parse '${name}', value is out of range [ ${least}, ${largest[name]} ], got: ${text}`,
    );
  return value;
}

function told({ level, rate, count }: TraceSetting) {
  return {
    trace_level: { value: [level] },
    trace_rate: { value: [String(rate)] },
    trace_count: { value: [String(count)] },
    trace_mode: { value: [mode] },
  };
}
