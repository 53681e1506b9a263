/**
 * The body of a request, in one piece: copied once as it comes in, never larger than its limit, decompressed off the event
 * loop and never to more than the limit.
 *
 * What all bodies together hold is limited too, so that many connections cannot take the memory that one may not.
 */
import type { IncomingMessage } from "node:http";
import { DomainError, errorMessage, isDomainError } from "@amaas/errors";
import { isPacking, type Packing, unpack } from "@amaas/rpc";
import { HttpRefusal } from "./status.ts";

const empty = new Uint8Array();

/** What holding a chunk takes besides its bytes: chunks of a byte each would otherwise take hundreds of times what counts. */
const chunkBytes = 256;

/** What is held of all bodies together. */
export class BodyBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  take(bytes: number): void {
    if (this.#held + bytes > this.#limit)
      throw new DomainError(
        "resource-exhausted",
        `bodies of requests hold ${this.#held} bytes of memory, of at most ${this.#limit}; try again or elsewhere`,
        { retryAfterMs: 1000 },
      );
    this.#held += bytes;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}

/** Why a body of that size is not read, or that it may be. */
export type SizeLimit = (bytes: number) => HttpRefusal | undefined;

export interface BodyLimits {
  /** Of what comes in. */
  readonly limit: SizeLimit;
  /** Of what it is decompressed to. */
  readonly most: number;
}

/** One exchange's share of the budget, given back when the exchange is over. */
export class BodyReader {
  readonly #request: IncomingMessage;
  readonly #budget: BodyBudget;
  #held = 0;
  #over = false;

  constructor(request: IncomingMessage, budget: BodyBudget) {
    this.#request = request;
    this.#budget = budget;
  }

  /** `begins` is called when the sender may go on, as one who expects 100 Continue waits for. */
  async read({ limit, most }: BodyLimits, begins: () => void): Promise<Uint8Array> {
    const { headers } = this.#request;
    const declared = headers["content-length"];
    const refusal = declared === undefined ? undefined : limit(Number(declared));
    if (refusal) throw refusal;
    const packing = packingOf(headers["content-encoding"]);
    begins();
    const body =
      declared === undefined
        ? await this.#readChunked(limit)
        : await this.#readWhole(Number(declared));
    return packing ? this.#decompressed(body, packing, most) : body;
  }

  /** The body is not used any more, and what is still to come or to be unpacked is not wanted. */
  done(): void {
    this.#over = true;
    this.#budget.give(this.#held);
    this.#held = 0;
  }

  async #readWhole(size: number): Promise<Uint8Array> {
    if (size === 0) return empty;
    // Made when something comes, and pages that nothing is written to take no memory: a length alone costs nothing.
    let body: Buffer | undefined;
    let at = 0;
    await this.#receive((chunk) => {
      body ??= Buffer.allocUnsafeSlow(size);
      at += chunk.copy(body, at);
    });
    return body ?? empty;
  }

  async #readChunked(limit: SizeLimit): Promise<Uint8Array> {
    const chunks: Buffer[] = [];
    let size = 0;
    await this.#receive((chunk) => {
      size += chunk.byteLength;
      const refusal = limit(size);
      if (refusal) throw refusal;
      this.#take(chunkBytes);
      chunks.push(chunk);
    });
    return Buffer.concat(chunks);
  }

  /** Leaves what comes after a refusal to whoever ends the exchange. */
  #receive(take: (chunk: Buffer) => void): Promise<void> {
    const request = this.#request;
    return new Promise((resolve, reject) => {
      const onData = (chunk: Buffer) => {
        try {
          this.#take(chunk.byteLength);
          take(chunk);
        } catch (error) {
          end();
          reject(error);
        }
      };
      const onEnd = () => {
        end();
        resolve();
      };
      const onClose = () => {
        end();
        reject(callerLeft());
      };
      const end = () => {
        request.off("data", onData).off("end", onEnd).off("close", onClose).pause();
      };
      request.on("data", onData).on("end", onEnd).on("close", onClose);
    });
  }

  async #decompressed(body: Uint8Array, packing: Packing, most: number): Promise<Uint8Array> {
    try {
      const whole = await unpack(body, packing, { limit: most, isWanted: () => !this.#over });
      this.#take(whole.byteLength);
      return whole;
    } catch (cause) {
      if (isDomainError(cause)) throw cause;
      if (cause instanceof RangeError)
        throw new HttpRefusal(413, `the body has more than ${most} bytes when it is decompressed`);
      throw new DomainError(
        "invalid-argument",
        `failed to decompress the body: ${errorMessage(cause)}`,
        {
          cause,
        },
      );
    }
  }

  #take(bytes: number): void {
    if (this.#over) throw callerLeft();
    this.#budget.take(bytes);
    this.#held += bytes;
  }
}

function callerLeft(): DomainError {
  return new DomainError("cancelled", "the caller has left in the middle of the request");
}

function packingOf(encoding: string | undefined): Packing | undefined {
  if (encoding === undefined || encoding === "" || encoding === "identity") return undefined;
  if (isPacking(encoding)) return encoding;
  throw new HttpRefusal(
    415,
    `found content-encoding ${encoding.slice(0, 40)}, wanted gzip or deflate`,
    {
      "accept-encoding": "gzip, deflate",
    },
  );
}
