/** Health and reflection as foreign clients use them: through the standard contracts. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { nullTelemetry } from "@amaas/telemetry";
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  type Client as GrpcClient,
  makeGenericClientConstructor,
  type ServiceDefinition,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { service as healthDefinition } from "grpc-health-check";
import { expect, onTestFinished, test } from "vitest";
import { implement } from "./implement.ts";
import { createServer, type RpcServer } from "./server.ts";

const blobs = implement(BlobsDefinition, {
  uploadBlob: async () => ({ digest: "", bytes: 0 }),
  async *downloadBlob() {
    yield { chunk: new Uint8Array() };
  },
  statBlob: async () => ({ exists: false, bytes: 0 }),
});
const blobsName = BlobsDefinition.fullName;

async function serveBlobs(): Promise<{ server: RpcServer; address: string }> {
  const server = createServer({ telemetry: nullTelemetry(), services: [blobs] });
  onTestFinished(() => server.close());
  const port = await server.listen("127.0.0.1", 0);
  return { server, address: `127.0.0.1:${port}` };
}

function foreignClient(service: ServiceDefinition, address: string): GrpcClient {
  const Client = makeGenericClientConstructor(service, "Foreign");
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  return client;
}

interface HealthResponse {
  readonly status: string;
}

function check(client: GrpcClient, service: string): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = healthDefinition.Check!;
  return new Promise((resolve, reject) => {
    const answered = (error: ServiceError | null, response?: object) =>
      error === null ? resolve((response as HealthResponse).status) : reject(error);
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, answered);
  });
}

function watch(client: GrpcClient, service: string): ClientReadableStream<object> {
  const { path, requestSerialize, responseDeserialize } = healthDefinition.Watch!;
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
    service,
  });
  stream.on("error", () => {});
  return stream;
}

test("health checks answer for the server and for each service", async () => {
  const { server, address } = await serveBlobs();
  const client = foreignClient(healthDefinition, address);
  expect(await check(client, "")).toBe("SERVING");
  expect(await check(client, blobsName)).toBe("SERVING");
  server.setServing(blobsName, false);
  expect(await check(client, blobsName)).toBe("NOT_SERVING");
  expect(await check(client, "")).toBe("SERVING");
  server.setServing("", false);
  expect(await check(client, "")).toBe("NOT_SERVING");
  await expect(check(client, "unknown.Service")).rejects.toMatchObject({ code: 5 });
});

test("health watches tell of every change, and of the drain, and do not hold it up", async () => {
  const { server, address } = await serveBlobs();
  const seen: string[] = [];
  const ended = Promise.withResolvers<void>();
  const stream = watch(foreignClient(healthDefinition, address), blobsName);
  stream.on("data", ({ status }: HealthResponse) => seen.push(status));
  stream.on("close", ended.resolve).on("end", ended.resolve);
  await expect.poll(() => seen).toEqual(["SERVING"]);
  server.setServing(blobsName, false);
  server.setServing(blobsName, false);
  server.setServing("", true);
  await expect.poll(() => seen).toEqual(["SERVING", "NOT_SERVING", "SERVING"]);
  await server.drain(10_000);
  await ended.promise;
  expect(seen.at(-1)).toBe("NOT_SERVING");
});

test("a health check names a service, not a book", async () => {
  const { address } = await serveBlobs();
  const client = foreignClient(healthDefinition, address);
  await expect(check(client, "x".repeat(1024))).rejects.toMatchObject({ code: 5 });
  await expect(check(client, "x".repeat(16 * 1024))).rejects.toMatchObject({ code: 8 });
});

interface ReflectionResponse {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] };
  readonly errorResponse?: { readonly errorCode: number };
}

/** Asks all the questions on one stream. */
async function reflect(
  address: string,
  version: string,
  questions: readonly object[],
): Promise<ReflectionResponse[]> {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve("@grpc/reflection")), "../proto");
  const loaded = loadSync(join(folder, `grpc/reflection/${version}/reflection.proto`));
  const definition = loaded[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition;
  const { path, requestSerialize, responseDeserialize } = definition.ServerReflectionInfo!;
  const stream: ClientDuplexStream<object, ReflectionResponse> = foreignClient(
    definition,
    address,
  ).makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  for (const question of questions) stream.write(question);
  stream.end();
  return Array.fromAsync(stream as AsyncIterable<ReflectionResponse>);
}

test.each(["v1", "v1alpha"])(
  "reflection %s lists what is served and describes it",
  async (version) => {
    const { address } = await serveBlobs();
    const [list, method, file, unknown] = await reflect(address, version, [
      { listServices: "" },
      { fileContainingSymbol: `${blobsName}.UploadBlob` },
      { fileByFilename: "amaas/scheduler/v1/jobs.proto" },
      { fileContainingSymbol: "unknown.Service" },
    ]);
    const names = list?.listServicesResponse?.service.map(({ name }) => name);
    expect(names).toEqual([blobsName]);
    const described = method?.fileDescriptorResponse?.fileDescriptorProto[0] ?? [];
    expect(Buffer.from(described).toString("latin1")).toContain("UploadBlobRequest");
    // A file comes with the files that it imports.
    const files = file?.fileDescriptorResponse?.fileDescriptorProto ?? [];
    const text = files.map((bytes) => Buffer.from(bytes).toString("latin1"));
    expect(text.some((bytes) => bytes.includes("google/protobuf/timestamp.proto"))).toBe(true);
    expect(text.some((bytes) => bytes.includes("amaas/scheduler/v1/jobs.proto"))).toBe(true);
    expect(unknown?.errorResponse?.errorCode).toBe(5);
  },
);

test("an unknown method is unimplemented, and a call with two requests is refused", async () => {
  const { address } = await serveBlobs();
  const client = foreignClient(healthDefinition, address);
  const bytes = (message: Buffer) => message;
  const call = (path: string) =>
    new Promise((resolve) => {
      const stream = client.makeClientStreamRequest(path, bytes, bytes, resolve);
      stream.write(Buffer.alloc(0));
      stream.write(Buffer.alloc(0));
      stream.end();
    });
  expect(await call(`/${blobsName}/EraseBlob`)).toMatchObject({ code: 12 });
  expect(await call("/unknown.Service/Method")).toMatchObject({ code: 12 });
  expect(await call(`/${blobsName}/StatBlob`)).toMatchObject({
    code: 12,
    details: "expected one request, found more",
  });
});

test("a malformed request names itself so, and harms nobody", async () => {
  const { address } = await serveBlobs();
  const client = foreignClient(healthDefinition, address);
  const bytes = (message: Buffer) => message;
  const stat = (request: Buffer) =>
    new Promise((resolve) => {
      const path = `/${blobsName}/StatBlob`;
      client.makeUnaryRequest(path, bytes, bytes, request, (error) => resolve(error ?? "fine"));
    });
  for (const request of ["0a", "0affffffff0f", "0fff", "ffffffffffffffffffffff01"])
    expect(await stat(Buffer.from(request, "hex"))).toMatchObject({
      code: 3,
      details: expect.stringContaining("the request is no message of its type"),
    });
  expect(await stat(Buffer.alloc(0))).toBe("fine");
});
