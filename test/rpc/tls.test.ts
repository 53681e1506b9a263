/** TLS and mutual TLS with certificates made on the spot. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import type { ServerTls } from "@amaas/rpc";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blobs, connect, serve } from "./stage.ts";

let folder = "";
const pem = (name: string) => readFileSync(join(folder, name), "utf8");
const openssl = (...args: string[]) =>
  execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });

function issue(name: string): void {
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", ...key, ...subject, "-keyout", `${name}.key`, "-out", `${name}.csr`);
  const authority = ["-CA", "ca.crt", "-CAkey", "ca.key", "-copy_extensions", "copy"];
  openssl("x509", "-req", "-in", `${name}.csr`, ...authority, "-days", "2", "-out", `${name}.crt`);
}

/** By name, since certificates are for names. */
async function serveLocalhost(tls: ServerTls): Promise<string> {
  const { address } = await serve([blobs()], { tls });
  return address.replace("127.0.0.1", "localhost");
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "amaas-tls-"));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = ["-x509", "-days", "2", "-subj", "/CN=test authority"];
  openssl("req", ...authority, ...key, "-keyout", "ca.key", "-out", "ca.crt");
  issue("server");
  issue("client");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a client trusts the server whose certificate its authority has signed", async () => {
  const tls = { cert: pem("server.crt"), key: pem("server.key") };
  const address = await serveLocalhost(tls);
  const trusting = connect(BlobsDefinition, address, { tls: { ca: pem("ca.crt") } });
  expect(await trusting.statBlob({ digest: "abc" })).toEqual({ exists: true, bytes: 3 });
  const refused = { retry: false, deadlineMs: 5000 };
  const distrusting = connect(BlobsDefinition, address, { tls: {} });
  await expect(distrusting.statBlob({}, refused)).rejects.toMatchObject({ code: "unavailable" });
  const plain = connect(BlobsDefinition, address);
  await expect(plain.statBlob({}, refused)).rejects.toMatchObject({ code: "unavailable" });
});

test("a server with an authority asks for a certificate of its clients", async () => {
  const ca = pem("ca.crt");
  const tls = { cert: pem("server.crt"), key: pem("server.key"), ca };
  const address = await serveLocalhost(tls);
  const known = { ca, cert: pem("client.crt"), key: pem("client.key") };
  expect(await connect(BlobsDefinition, address, { tls: known }).statBlob({})).toBeDefined();
  const unknown = connect(BlobsDefinition, address, { tls: { ca } });
  await expect(unknown.statBlob({}, { retry: false, deadlineMs: 5000 })).rejects.toMatchObject({
    code: "unavailable",
  });
});
