/**
 * Health and reflection of a replica, by hand over HTTP/2: what load balancers ask of each model by its name, and
 * what tools that know no contract find out and call.
 */

import { graphBuilder, writeModel } from "@amaas/graph";
import {
  createFileRegistry,
  type DescMethod,
  fromBinary,
  fromJson,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { afterEach, expect, test, vi } from "vitest";
import { folderStage } from "./folder-stage.ts";
import { scaling } from "./models.ts";
import { frame, type RawClient, rawClient } from "./raw-client.ts";

vi.setConfig({ testTimeout: 120_000 });

const stage = folderStage();
let raw: RawClient | undefined;

afterEach(() => {
  raw?.close();
  raw = undefined;
});

function connect(address: string): RawClient {
  raw = rawClient(address);
  return raw;
}

const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
const health = "/grpc.health.v1.Health";

/** HealthCheckRequest { service = 1 }, or its like. */
const text = (field: number, value: string) =>
  frame(new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish());

/** HealthCheckResponse { status = 1 } */
function statusOf(message: Uint8Array): string | undefined {
  const [status = 0] = fields(message, 1).map((value) => Number(value));
  return statuses[status];
}

/** The values of a field: bytes, or a number. */
function fields(message: Uint8Array, wanted: number): (Uint8Array | number)[] {
  const reader = new BinaryReader(message);
  const found: (Uint8Array | number)[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number !== wanted) reader.skip(type, number);
    else found.push(type === WireType.Varint ? reader.uint32() : reader.bytes());
  }
  return found;
}

const within = (message: Uint8Array | undefined, field: number) =>
  message ? fields(message, field).filter((value) => typeof value !== "number") : [];

async function check(client: RawClient, service: string): Promise<string | number | undefined> {
  const { code, replies } = await client.send(`${health}/Check`, text(1, service));
  return code === 0 && replies[0] ? statusOf(replies[0]) : code;
}

/** All that is told, from the first on. */
function watch(client: RawClient, service: string): readonly (string | undefined)[] {
  const told: (string | undefined)[] = [];
  const call = client.open(`${health}/Watch`);
  let rest: Buffer = Buffer.alloc(0);
  call.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      told.push(statusOf(rest.subarray(5, end)));
      rest = rest.subarray(end);
    }
  });
  call.on("error", () => {});
  call.end(text(1, service));
  return told;
}

/** quotient = a / b: the smallest number by -1 ends the process. */
function dividing(): Uint8Array {
  const g = graphBuilder("dividing");
  g.output("quotient", g.div(g.input("a", "INT32", ["n"]), g.input("b", "INT32", ["n"])));
  return writeModel(g.model());
}

test("health follows a model by its name: loaded, not loaded again, unloaded", async () => {
  await stage.folder.put("scale/1/model.onnx", scaling(1));
  const server = await stage.serve("explicit");
  const { client } = server;
  const raw = connect(server.address);
  const told = watch(raw, "scale");
  const tells = (...all: string[]) => vi.waitFor(() => expect(told).toEqual(all), 20_000);
  await tells("SERVICE_UNKNOWN");
  expect([await check(raw, ""), await check(raw, "scale")]).toEqual(["SERVING", 5]);

  await client.repositoryModelLoad({ modelName: "scale" });
  // It is there, and loading, before it serves.
  const loaded = ["SERVICE_UNKNOWN", "NOT_SERVING", "SERVING"];
  await tells(...loaded);
  expect(await check(raw, "scale")).toBe("SERVING");

  await stage.folder.put("scale/1/model.onnx", "no model");
  await expect(client.repositoryModelLoad({ modelName: "scale" })).rejects.toThrow(
    "failed to load",
  );
  expect((await server.scale("scale", 2)).y).toBe(2);
  expect(await check(raw, "scale")).toBe("SERVING");

  await client.repositoryModelUnload({ modelName: "scale" });
  await tells(...loaded, "NOT_SERVING");
  expect(await check(raw, "scale")).toBe("NOT_SERVING");

  await stage.folder.put("scale/1/model.onnx", scaling(3));
  await client.repositoryModelLoad({ modelName: "scale" });
  await tells(...loaded, "NOT_SERVING", "SERVING");
  expect(await check(raw, "")).toBe("SERVING");
});

test("health tells of a model that crashes time and again, and of no other", async () => {
  await stage.folder.put("dividing/1/model.onnx", dividing());
  await stage.folder.put("scale/1/model.onnx", scaling(1));
  const server = await stage.serve("none");
  const raw = connect(server.address);
  const [told, others] = [watch(raw, "dividing"), watch(raw, "scale")];
  await vi.waitFor(() => expect(told).toEqual(["SERVING"]), 20_000);
  const words = (value: number) => new Uint8Array(Int32Array.of(value).buffer);
  const inputs = ["a", "b"].map((name) => ({ name, datatype: "INT32", shape: [1n] }));
  const request = {
    modelName: "dividing",
    inputs,
    rawInputContents: [words(-(2 ** 31)), words(-1)],
  };
  await vi.waitFor(
    async () => {
      await server.client.modelInfer(request).catch(() => undefined);
      expect(told).toEqual(["SERVING", "NOT_SERVING"]);
    },
    { timeout: 90_000, interval: 50 },
  );
  expect(await check(raw, "dividing")).toBe("NOT_SERVING");
  expect(others).toEqual(["SERVING"]);
  expect((await server.scale("scale", 2)).y).toBe(2);
});

/** What reflection has to say: its fields are the same in both versions. */
async function reflect(client: RawClient, version: string, field: number, symbol: string) {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const { code, replies } = await client.send(path, text(field, symbol));
  expect(code).toBe(0);
  return replies[0];
}

const [fileByFilename, fileContainingSymbol, listServices] = [3, 4, 7];
const [fileDescriptorResponse, listServicesResponse] = [4, 6];

/** The service with all that its messages are made of, from reflection alone. */
async function described(client: RawClient, version: string, service: string) {
  const filesOf = async (field: number, name: string) => {
    const reply = await reflect(client, version, field, name);
    const [answer] = within(reply, fileDescriptorResponse);
    return within(answer, 1).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  };
  const files = new Map((await filesOf(fileContainingSymbol, service)).map((f) => [f.name, f]));
  for (const { dependency } of files.values())
    for (const name of dependency)
      if (!files.has(name))
        for (const file of await filesOf(fileByFilename, name)) files.set(file.name, file);
  const own = [...files.values()].find((file) =>
    file.service.some((one) => `${file.package}.${one.name}` === service),
  );
  const registry = createFileRegistry(own!, (imported) => files.get(imported));
  return { registry, methods: registry.getService(service)?.methods ?? [] };
}

test.each(["v1", "v1alpha"])("reflection %s is enough to run a model", async (version) => {
  await stage.folder.put("scale/1/model.onnx", scaling(2));
  const server = await stage.serve("none");
  const raw = connect(server.address);
  const [list] = within(await reflect(raw, version, listServices, ""), listServicesResponse);
  const names = within(list, 1).map((one) => Buffer.from(within(one, 1)[0]!).toString());
  const name = "inference.GRPCInferenceService";
  expect(names).toContain(name);
  const { registry, methods } = await described(raw, version, name);

  const call = async (wanted: string, json: object) => {
    const method = methods.find((one) => one.name === wanted) as DescMethod;
    const input = fromJson(method.input, json as never, { registry });
    const message = frame(toBinary(method.input, input));
    const { code, replies } = await raw.send(`/${name}/${method.name}`, message);
    expect(code).toBe(0);
    return toJson(method.output, fromBinary(method.output, replies[0]!), { registry });
  };
  expect(await call("ServerReady", {})).toEqual({ ready: true });
  expect(await call("ModelMetadata", { name: "scale" })).toMatchObject({
    inputs: [{ name: "x", datatype: "FP32", shape: ["-1", "4"] }],
  });
  const contents = { fp32Contents: [1, 2, 3, 4] };
  const x = { name: "x", datatype: "FP32", shape: ["1", "4"], contents };
  const wanted = { modelName: "scale", inputs: [x], outputs: [{ name: "y" }] };
  const answer = await call("ModelInfer", wanted);
  expect(answer).toMatchObject({ modelVersion: "1", outputs: [{ name: "y", shape: ["1", "4"] }] });
  const [raws] = Object.entries(answer as object).flatMap(([key, value]) =>
    key === "rawOutputContents" ? [value as readonly string[]] : [],
  );
  const bytes = Buffer.from(raws?.[0] ?? "", "base64");
  expect([0, 4, 8, 12].map((at) => bytes.readFloatLE(at))).toEqual([2, 4, 6, 8]);
});
