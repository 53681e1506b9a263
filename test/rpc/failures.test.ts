/** Peers that die, hang or come back, as real processes. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { DomainError } from "@amaas/errors";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { expect, onTestFinished, test } from "vitest";
import { connect, eventually, serveBlobs } from "./stage.ts";

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("the call succeeded"),
    (error: unknown) => error as DomainError,
  );

interface Peer {
  readonly process: ChildProcess;
  readonly address: string;
}

/** A server of the fixture's in a process of its own. */
async function startServer(port = 0): Promise<Peer> {
  const process = fork(join(import.meta.dirname, "peer.fixture.ts"), ["server", String(port)]);
  onTestFinished(() => {
    process.kill("SIGKILL");
  });
  const [bound] = (await once(process, "message")) as [number];
  return { process, address: `127.0.0.1:${bound}` };
}

async function kill({ process }: Peer): Promise<void> {
  process.kill("SIGKILL");
  await once(process, "exit");
}

test("a server killed in the middle of calls ends them as unavailable", async () => {
  const peer = await startServer();
  const client = connect(BlobsDefinition, peer.address);
  const responses = client.downloadBlob({ digest: "endless" });
  await responses.next();
  async function* endless() {
    for (;;) yield { chunk: new Uint8Array(100_000) };
  }
  const calls = [
    rejection(client.uploadBlob(endless())),
    rejection(client.statBlob({ digest: "never" }, { retry: false })),
    rejection(
      (async () => {
        for await (const _ of responses);
      })(),
    ),
  ];
  await client.statBlob({});
  await kill(peer);
  for (const error of await Promise.all(calls)) expect(error.code).toBe("unavailable");
});

test("a client is back soon after the server came back on its port", async () => {
  let peer = await startServer();
  const port = Number(peer.address.split(":")[1]);
  const client = connect(BlobsDefinition, peer.address);
  const byName = connect(BlobsDefinition, `localhost:${port}`);
  await client.statBlob({});
  await byName.statBlob({});
  for (let round = 0; round < 2; round++) {
    await kill(peer);
    expect(await rejection(client.statBlob({}, { retry: false }))).toMatchObject({
      code: "unavailable",
    });
    // Long enough for several attempts to fail.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const waiting = [client.statBlob({ digest: "ab" }), byName.statBlob({ digest: "ab" })];
    peer = await startServer(port);
    for (const answer of await Promise.all(waiting)) expect(answer.bytes).toBe(2);
  }
});

test("while a server is away a unary call waits until its deadline, and no longer", async () => {
  const peer = await startServer();
  await kill(peer);
  const client = connect(BlobsDefinition, peer.address);
  const error = await rejection(client.statBlob({}, { deadlineMs: 700 }));
  expect(["unavailable", "deadline-exceeded"]).toContain(error.code);

  const leaving = new AbortController();
  const left = rejection(client.statBlob({}, { signal: leaving.signal }));
  setTimeout(() => leaving.abort(), 100);
  expect(await left).toMatchObject({ code: "cancelled" });
});

test("a server that hangs is noticed by keepalive", async () => {
  const peer = await startServer();
  const client = connect(BlobsDefinition, peer.address, { keepaliveMs: 400 });
  const responses = client.downloadBlob({ digest: "quiet" });
  await responses.next();
  peer.process.kill("SIGSTOP");
  expect(await rejection(responses.next())).toMatchObject({ code: "unavailable" });
});

test("a client that hangs or dies is noticed by the server", async () => {
  const left: string[] = [];
  const { address } = await serveBlobs(
    {
      async *downloadBlob({ digest }, { signal }) {
        yield { chunk: new Uint8Array(1) };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        left.push(digest);
      },
    },
    { keepaliveMs: 400 },
  );
  for (const [digest, signal] of [
    ["hangs", "SIGSTOP"],
    ["dies", "SIGKILL"],
  ] as const) {
    const path = join(import.meta.dirname, "peer.fixture.ts");
    const process = fork(path, ["client", address, digest]);
    onTestFinished(() => {
      process.kill("SIGKILL");
    });
    await once(process, "message");
    process.kill(signal);
    await eventually(() => left.includes(digest));
  }
});
