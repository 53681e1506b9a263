/**
 * Blobs: content-addressed bytes, up and down. Content that is already stored is not sent again, and
 * what was read is checked against its digest before anybody sees it under its final name.
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { DomainError } from "@amaas/errors";
import type { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import type { CallOptions, Client } from "@amaas/rpc";
import { openSource, type Source } from "./local-file.ts";
import { patience } from "./patience.ts";

export interface TransferOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Uploaded {
  readonly digest: string;
  readonly bytes: number;
  /** The store had it already; nothing was sent. */
  readonly known: boolean;
}

export interface Blobs {
  /** A file by its path, or bytes. */
  upload(from: Uint8Array | string, options?: TransferOptions): Promise<Uploaded>;
  /** Into a file, which appears once it is whole and its digest right. */
  download(digest: string, to: string, options?: TransferOptions): Promise<void>;
  /** Into memory; refused where it has more bytes than `most`. */
  read(digest: string, most: number, options?: TransferOptions): Promise<Uint8Array>;
}

type BlobsClient = Client<BlobsDefinition>;

/** An upload of any size may take its time; whoever waits ends it through the signal. */
const transferDeadlineMs = 60 * 60 * 1000;
const interruptionMs = 20_000;

export function blobsOf(client: BlobsClient): Blobs {
  const sizeOf = async (digest: string, options: TransferOptions): Promise<number> => {
    const { exists, bytes } = await client.statBlob({ digest }, callOptions(options));
    if (!exists) throw new DomainError("not-found", `the registry has no blob ${digest}`);
    return bytes;
  };
  return {
    async upload(from, options = {}) {
      const source = await openSource(from);
      const { digest, size: bytes } = source;
      const { exists } = await client.statBlob({ digest }, callOptions(options));
      if (exists) options.onProgress?.(bytes, bytes);
      else await send(client, source, options);
      return { digest, bytes, known: exists };
    },

    async download(digest, to, options = {}) {
      const bytes = await sizeOf(digest, options);
      const partial = `${to}.part`;
      try {
        await pipeline(receive(client, digest, bytes, options), createWriteStream(partial));
        await rename(partial, to);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },

    async read(digest, most, options = {}) {
      const bytes = await sizeOf(digest, options);
      if (bytes > most)
        throw new DomainError(
          "out-of-range",
          `blob ${digest} has ${bytes} bytes, wanted at most ${most}`,
        );
      const chunks: Uint8Array[] = [];
      for await (const chunk of receive(client, digest, bytes, options)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}

/** The store takes a blob whole or not at all, so an interrupted upload starts over. */
async function send(client: BlobsClient, source: Source, options: TransferOptions): Promise<void> {
  const interruptions = patience({ forMs: interruptionMs, signal: options.signal });
  for (;;) {
    try {
      await client.uploadBlob(messages(source, options), {
        ...callOptions(options),
        deadlineMs: transferDeadlineMs,
      });
      return;
    } catch (error) {
      await interruptions.bear(error);
    }
  }
}

async function* messages(source: Source, { onProgress }: TransferOptions) {
  let sent = 0;
  yield { expectedDigest: source.digest };
  for await (const chunk of source.chunks()) {
    yield { chunk };
    sent += chunk.byteLength;
    onProgress?.(sent, source.size);
  }
}

/** The blob's bytes; an interrupted stream goes on where it stopped, and the end checks the digest. */
async function* receive(
  client: BlobsClient,
  digest: string,
  total: number,
  options: TransferOptions,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  const interruptions = patience({ forMs: interruptionMs, signal: options.signal });
  let offset = 0;
  while (offset < total) {
    const before = offset;
    try {
      for await (const { chunk } of client.downloadBlob({ digest, offset }, callOptions(options))) {
        interruptions.renew();
        hash.update(chunk);
        offset += chunk.byteLength;
        options.onProgress?.(offset, total);
        yield chunk;
      }
      if (offset === before)
        throw new DomainError("data-loss", `${digest} ended after ${offset} of ${total} bytes`);
    } catch (error) {
      await interruptions.bear(error);
    }
  }
  const found = `sha256:${hash.digest("hex")}`;
  if (found !== digest)
    throw new DomainError("data-loss", `received ${found} where ${digest} was asked for`);
}

function callOptions({ signal }: TransferOptions): CallOptions {
  return signal ? { signal } : {};
}
