/** Data behind URLs, read from a server on this machine that does what servers do. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BlobStore, digestOf, openBlobs, parseDigest } from "@amaas/blobs";
import { parseJobSpec } from "@amaas/spec";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseAllowedUrls } from "./allowed-urls.ts";
import { fetchData, fetchLimits } from "./fetch-data.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 60_000 });

const table = new TextEncoder().encode("x,y\n1,2\n3,4\n");
const asked: string[] = [];

const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "/data/table.csv": (response) => response.end(table),
  "/data/moved": redirect("/data/table.csv"),
  "/data/around": redirect("/data/around"),
  "/data/away": redirect("/secret/table.csv?token=1"),
  "/data/metadata": redirect("http://169.254.169.254/latest"),
  "/data/packed": (response) => {
    response.setHeader("content-encoding", "gzip");
    response.end(table);
  },
  "/data/huge": (response) => {
    response.setHeader("content-length", 2000);
    response.write(table);
  },
  "/data/endless": (response) => {
    const timer = setInterval(() => response.write(table), 1);
    response.once("close", () => clearInterval(timer));
  },
  "/data/silent": (response) => response.write(table),
  "/data/truncated": (response) => {
    response.setHeader("content-length", 20);
    response.write(table, () => response.destroy());
  },
  "/data/shaky": (response) => {
    const isFirst = asked.filter((path) => path === "/data/shaky").length === 1;
    response.statusCode = isFirst ? 503 : 200;
    response.end(table);
  },
  "/secret/table.csv": (response) => response.end(table),
};

function redirect(to: string) {
  return (response: ServerResponse) => {
    response.writeHead(302, { location: to }).end();
  };
}

let folder: string;
let server: Server;
let origin: string;
let blobs: BlobStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fetch-data-"));
  blobs = openBlobs(pathToFileURL(folder).href);
  server = createServer((request, response) => {
    const path = (request.url ?? "").replace(/\?.*/, "");
    asked.push(path);
    const answer = answers[path];
    if (answer) answer(response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const limits = { ...fetchLimits, bytes: 1000 };

function fetched(ref: string, list = `${origin}/data`, own = limits) {
  const spec = parseJobSpec({
    name: "x",
    task: "regression",
    data: { format: "csv", file: ref, label: "y" },
    architecture: { type: "linear" },
    training: { epochs: 1, batchSize: 8, optimizer: { type: "adam" } },
  });
  const allowed = parseAllowedUrls(list);
  if ("fault" in allowed) throw new Error(allowed.fault);
  return fetchData(spec, blobs, allowed.value, own);
}

test("an allowed URL becomes the digest of its bytes, which are in the store", async () => {
  const { spec, notes } = await fetched(`${origin}/data/table.csv?token=secret`);
  expect(spec.data).toMatchObject({ file: digestOf(table) });
  expect(notes).toEqual([`data.file: ${origin}/data/table.csv had 12 bytes, ${digestOf(table)}`]);
  expect([...(await blobs.get(parseDigest(digestOf(table))))]).toEqual([...table]);
  const moved = await fetched(`${origin}/data/moved`);
  expect(moved.spec).toEqual(spec);
});

test("a spec without a URL is left alone", async () => {
  const digest = digestOf(table);
  const { spec, notes } = await fetched(digest, "");
  expect([spec.data, notes]).toMatchObject([{ file: digest }, []]);
});

test("what fails for a moment is asked for again", async () => {
  const { spec } = await fetched(`${origin}/data/shaky`);
  expect(spec.data).toMatchObject({ file: digestOf(table) });
  expect(asked.filter((path) => path === "/data/shaky")).toHaveLength(2);
});

const refusal = (code: string, message: RegExp | string) => ({
  code,
  message: typeof message === "string" ? message : expect.stringMatching(message),
  violations: [{ field: "data.file" }],
});

test("what is not allowed is not asked for, wherever it is led to", async () => {
  const before = asked.length;
  const words =
    "is not among the URLs that trainers may read (AMAAS_DATA_URLS); upload the file, or have the URL added";
  await expect(fetched(`${origin}/secret/table.csv?token=1`)).rejects.toMatchObject(
    refusal("permission-denied", `data.file: ${origin}/secret/table.csv ${words}`),
  );
  await expect(fetched(`${origin}/data/table.csv`, "")).rejects.toMatchObject(
    refusal("permission-denied", `data.file: ${origin}/data/table.csv ${words}`),
  );
  expect(asked.length).toBe(before);
  await expect(fetched(`${origin}/data/away`)).rejects.toMatchObject(
    refusal(
      "permission-denied",
      `data.file: ${origin}/data/away leads to ${origin}/secret/table.csv ${words}`,
    ),
  );
  await expect(
    fetched(`${origin}/data/metadata`, `${origin}/data, https://`),
  ).rejects.toMatchObject(
    refusal("permission-denied", /leads to http:\/\/169\.254\.169\.254\/latest is not among/),
  );
  expect(asked).not.toContain("/secret/table.csv");
});

test("of every https host, those at private addresses are not meant", async () => {
  for (const host of ["127.0.0.1", "[::1]", "localhost", "10.0.0.1", "169.254.169.254"])
    await expect(fetched(`https://${host}:1/x`, "https://")).rejects.toMatchObject(
      refusal("permission-denied", /is at [0-9.:a-f]+, which is not a public address/),
    );
  // Named, it is asked for: nobody listens there.
  await expect(fetched("https://127.0.0.1:1/x", "https://127.0.0.1:1")).rejects.toMatchObject(
    refusal(
      "aborted",
      /^data\.file: https:\/\/127\.0\.0\.1:1\/x cannot be reached: .*ECONNREFUSED/,
    ),
  );
});

test.each([
  ["huge", "resource-exhausted", /has 2000 bytes, wanted at most 1000; divide it/],
  ["endless", "resource-exhausted", /has more than 1000 bytes, wanted at most 1000/],
  ["truncated", "aborted", /truncated broke off after 12 of 20 bytes/],
  ["missing", "failed-precondition", /missing answers with status 404, wanted the file/],
  ["packed", "failed-precondition", /packed answers in an encoding that nobody asked for/],
  ["around", "failed-precondition", /around leads on and on/],
])("%s is refused", async (path, code, message) => {
  await expect(fetched(`${origin}/data/${path}?token=secret`)).rejects.toMatchObject(
    refusal(code, message),
  );
});

test("what sends nothing, or is not done in time, is given up", async () => {
  const patient = { ...limits, stallMs: 100 };
  await expect(fetched(`${origin}/data/silent`, undefined, patient)).rejects.toMatchObject(
    refusal("aborted", /silent sent nothing for 0\.1 s$/),
  );
  const slow = { ...limits, bytes: 2 ** 30, totalMs: 300 };
  await expect(fetched(`${origin}/data/endless`, undefined, slow)).rejects.toMatchObject(
    refusal("deadline-exceeded", /endless took longer than 0\.3 s; upload the file instead/),
  );
});
