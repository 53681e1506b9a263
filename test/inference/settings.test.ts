/** What can be changed while the service runs: which inferences are traced, which lines are logged. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type OtlpReceiver, startOtlpReceiver } from "../e2e/otlp-receiver.ts";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, row, startInferenceServer } from "./inference-server.ts";
import { scaling } from "./models.ts";
import { inferFrame, type RawClient, rawClient, service } from "./raw-client.ts";

let folder: string;
let registry: RegistryServer;
let collector: OtlpReceiver;
let inference: InferenceServer;
/** Brings no trace, so that the server decides. */
let stranger: RawClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-settings-"));
  collector = await startOtlpReceiver();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  registry = await startRegistryServer({ folder });
  inference = await startInferenceServer({
    folder,
    registryAddress: registry.address,
    tracing: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: "10" },
  });
  for (const model of ["one", "two"]) {
    await registry.publish(model, scaling(2));
    await inference.serves(model, 1);
  }
  stranger = rawClient(inference.address);
});

afterAll(async () => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  stranger?.close();
  await inference?.stop();
  await registry?.stop();
  await collector?.close();
  await rm(folder, { recursive: true });
});

/** How many of so many inferences have a span of that name. */
async function traced(model: string, count: number, name: string): Promise<number> {
  const before = collector.spans.length;
  for (let asked = 0; asked < count; asked++) {
    const { code } = await stranger.send(`${service}/ModelInfer`, inferFrame(row(model, 1)));
    expect(code).toBe(0);
  }
  // A call that is always traced comes last: what is going to be exported has been by then.
  const traceparent = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
  await stranger.send(`${service}/ModelInfer`, inferFrame(row("two", 1)), { traceparent });
  const last = (span: { traceId: string; name: string }) =>
    span.traceId === "ab".repeat(16) && span.name === "inference.GRPCInferenceService/ModelInfer";
  await vi.waitFor(() => expect(collector.spans.slice(before).some(last)).toBe(true), 20_000);
  return collector.spans
    .slice(before)
    .filter((span) => span.name === name && span.traceId !== "ab".repeat(16)).length;
}

const set = (settings: Record<string, string[]>, modelName = "") =>
  inference.client.traceSetting({
    modelName,
    settings: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [name, { value }]),
    ),
  });

async function settingsOf(modelName = "") {
  const { settings } = await inference.client.traceSetting({ modelName });
  return Object.fromEntries(Object.entries(settings).map(([name, { value }]) => [name, value]));
}

describe("traces", () => {
  const call = "inference.GRPCInferenceService/ModelInfer";

  test("are all recorded at first, then one in so many, then none, then all again", async () => {
    expect(await settingsOf()).toEqual({
      trace_level: ["TIMESTAMPS"],
      trace_rate: ["1"],
      trace_count: ["-1"],
      trace_mode: ["opentelemetry"],
    });
    expect(await traced("one", 4, call)).toBe(4);
    await set({ trace_rate: ["3"] });
    expect(await traced("one", 9, call)).toBe(3);
    await set({ trace_level: ["OFF"] });
    expect(await traced("one", 4, call)).toBe(0);
    await set({ trace_rate: [], trace_level: [] });
    expect(await traced("one", 4, call)).toBe(4);
  });

  test("of one model are set apart from all others, and so many only", async () => {
    await set({ trace_level: ["OFF"] });
    await set({ trace_level: ["TIMESTAMPS"], trace_count: ["2"] }, "one");
    expect(await settingsOf("one")).toMatchObject({ trace_level: ["TIMESTAMPS"] });
    expect(await settingsOf("two")).toMatchObject({ trace_level: ["OFF"] });
    expect(await traced("one", 5, "inference.run")).toBe(2);
    expect(await settingsOf("one")).toMatchObject({ trace_count: ["0"] });
    expect(await traced("two", 3, "inference.run")).toBe(0);
    await set({ trace_level: [], trace_count: [] }, "one");
    expect(await traced("one", 3, "inference.run")).toBe(0);
    await set({ trace_level: [] });
    expect(await traced("one", 3, "inference.run")).toBe(3);
  });

  test.each<[Record<string, string[]>, string, string]>([
    [{ trace_file: ["/tmp/x"] }, "unimplemented", "trace file location can not be updated"],
    [{ log_frequency: ["1"] }, "unimplemented", "log_frequency"],
    [{ trace_mode: ["triton"] }, "unimplemented", "trace_mode is 'opentelemetry'"],
    [{ trace_level: ["TENSORS"] }, "unimplemented", "spans carry no tensors"],
    [{ trace_level: ["OFF", "TIMESTAMPS"] }, "invalid-argument", "Expect only one trace level"],
    [{ trace_level: ["LOUD"] }, "invalid-argument", "Unable to parse 'trace_level', got: LOUD"],
    [{ trace_rate: ["1", "2"] }, "invalid-argument", "expect only 1 value for 'trace_rate'"],
    [{ trace_rate: ["often"] }, "invalid-argument", "Unable to parse 'trace_rate', got: often"],
    [{ trace_rate: ["99999999999"] }, "invalid-argument", "out of range [ 0, 4294967295 ], got:"],
    [{ trace_count: ["-2"] }, "invalid-argument", "Expecting value >= -1, got: -2"],
    [{ trace_speed: ["1"] }, "invalid-argument", "unknown trace setting 'trace_speed'; known are"],
  ])("%j is refused and changes nothing", async (settings, code, message) => {
    const before = await settingsOf();
    await expect(set({ trace_rate: ["7"], ...settings })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(await settingsOf()).toEqual(before);
  });

  test("of a model that is not there have no settings", async () => {
    await expect(settingsOf("nobody")).rejects.toMatchObject({
      code: "invalid-argument",
      message: "Request for unknown model : nobody",
    });
  });
});

describe("log lines", () => {
  type Settings = Parameters<InferenceServer["client"]["logSettings"]>[0]["settings"];
  const change = (settings: NonNullable<Settings>) => inference.client.logSettings({ settings });
  const flag = (value: boolean) => ({ parameterChoice: { $case: "boolParam" as const, value } });
  const text = (value: string) => ({ parameterChoice: { $case: "stringParam" as const, value } });
  const number = (value: number) => ({
    parameterChoice: { $case: "uint32Param" as const, value },
  });

  test("are written or not as the levels say", async () => {
    const lines = (message: string) =>
      inference.log.filter((line) => line.message === message).length;
    const { settings } = await change({ log_warning: flag(false), log_info: flag(false) });
    expect(settings).toEqual({
      log_file: text(""),
      log_info: flag(false),
      log_warning: flag(false),
      log_error: flag(true),
      log_verbose_level: number(1),
      log_format: text("default"),
    });
    await set({ trace_rate: ["1"] });
    expect(lines("log settings changed")).toBe(0);
    const quiet = lines("trace settings changed");
    await change({ log_warning: flag(true), log_info: flag(true), log_verbose_level: number(0) });
    await set({ trace_rate: [] });
    expect(lines("log settings changed")).toBe(1);
    expect(lines("trace settings changed")).toBe(quiet + 1);
  });

  test("have a time in ISO 8601 in either format", async () => {
    const { settings } = await change({ log_format: text("ISO8601") });
    expect(settings.log_format).toEqual(text("ISO8601"));
    expect(inference.log.at(-1)!.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);
    await change({ log_format: text("default") });
  });

  test.each<[NonNullable<Settings>, string, string]>([
    [{ log_file: text("/tmp/x") }, "unimplemented", "log file location can not be updated"],
    [{ log_info: text("yes") }, "invalid-argument", "expect boolean for 'log_info'"],
    [{ log_warning: {} }, "invalid-argument", "expect boolean for 'log_warning'"],
    [{ log_error: number(1) }, "invalid-argument", "expect boolean for 'log_error'"],
    [{ log_verbose_level: flag(true) }, "invalid-argument", "expect int32 for 'log_verbose"],
    [{ log_format: text("xml") }, "invalid-argument", "invalid argument for log_format, got: xml"],
    [{ log_color: flag(true) }, "invalid-argument", "unknown log setting 'log_color'"],
  ])("%j is refused and changes nothing", async (settings, code, message) => {
    const before = await inference.client.logSettings({});
    await expect(change({ log_info: flag(false), ...settings })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(await inference.client.logSettings({})).toEqual(before);
  });
});
