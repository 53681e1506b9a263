/** What is traced and what is logged: read by GET, changed by POST, which answers with all that holds then. */
import type {
  LogSettingsRequest_SettingValue as LogValue,
  TraceSettingRequest,
  TraceSettingResponse,
} from "@amaas/proto/inference/grpc_service";
import { unparsed } from "../fields.ts";
import type { Json, JsonObject } from "../json.ts";
import { jsonReply } from "../reply.ts";
import type { Route, RouteTable } from "../route.ts";
import type { Verb } from "../router.ts";

const both: readonly Verb[] = ["GET", "POST"];

const logSchema = {
  type: "object",
  properties: {
    log_file: { type: "string" },
    log_info: { type: "boolean" },
    log_warning: { type: "boolean" },
    log_error: { type: "boolean" },
    log_verbose_level: { type: "integer" },
    log_format: { type: "string" },
  },
};

const traceSchema = {
  type: "object",
  properties: {
    trace_level: { type: "array", items: { type: "string" } },
    trace_rate: { type: "string" },
    trace_count: { type: "string" },
    log_frequency: { type: "string" },
    trace_file: { type: "string" },
  },
};

/** The one setting that is a list whatever it holds. */
const listed = new Set(["trace_level"]);

export const settings: Pick<RouteTable, "traceSetting" | "logSettings"> = {
  traceSetting: ["/v2/trace/setting", "/v2/models/{model}/trace/setting"].flatMap((path) =>
    both.map(
      (verb): Route<"traceSetting"> => ({
        verb,
        path,
        summary: `${verb === "GET" ? "Shows" : "Changes"} what is traced; null clears a setting.`,
        body: verb === "GET" ? "none" : "settings",
        takes: traceSchema,
        gives: traceSchema,
        call: (received) => ({
          request: {
            settings: traceSettings(received.json()),
            modelName: received.parameter("model"),
          },
          reply: ({ settings: held }) => jsonReply(traceJson(held)),
        }),
      }),
    ),
  ),

  logSettings: both.map((verb) => ({
    verb,
    path: "/v2/logging",
    summary: `${verb === "GET" ? "Shows" : "Changes"} what is logged.`,
    body: verb === "GET" ? "none" : "settings",
    takes: logSchema,
    gives: logSchema,
    call: (received) => ({
      request: { settings: logSettings(received.json()) },
      reply: ({ settings: held }) =>
        jsonReply(
          Object.fromEntries(
            Object.entries(held).map(([name, value]) => [name, value.parameterChoice?.value]),
          ),
        ),
    }),
  })),
};

function traceSettings(json: JsonObject): TraceSettingRequest["settings"] {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, { value: traceValue(name, value) }]),
  );
}

function traceValue(name: string, value: Json | undefined): string[] {
  if (value === null) return [];
  const values: readonly (Json | undefined)[] = Array.isArray(value) ? value : [value];
  return values.map((item) => {
    if (typeof item === "string") return item;
    if (typeof item === "number") return String(item);
    throw unparsed(name.slice(0, 80), item, "a string, a list of strings, or null");
  });
}

function traceJson(held: TraceSettingResponse["settings"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(held).map(([name, { value }]) => [
      name,
      listed.has(name) ? value : value.join(","),
    ]),
  );
}

function logSettings(json: JsonObject): Record<string, LogValue> {
  return Object.fromEntries(
    Object.entries(json)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, { parameterChoice: logChoice(name, value) }]),
  );
}

function logChoice(
  name: string,
  value: Json | undefined,
): NonNullable<LogValue["parameterChoice"]> {
  if (typeof value === "boolean") return { $case: "boolParam", value };
  if (typeof value === "string") return { $case: "stringParam", value };
  if (typeof value === "number" && value >>> 0 === value) return { $case: "uint32Param", value };
  throw unparsed(name.slice(0, 80), value, "a boolean, a string or a whole number from 0");
}
