/**
 * One HTTP/2 stream as a gRPC call on the server: messages come in, messages and a status go out.
 *
 * Everything that one small call costs passes here: no listener is a closure, nothing is asked of the stream twice, and
 * a unary answer leaves as headers, one write and trailers.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { DomainError } from "@amaas/errors";
import { acceptedEncodings, decompress, tooLarge } from "./decompress.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { type Encoded, Gathered } from "./gather-writer.ts";
import type { Trailers } from "./status.ts";
import type { Unfinished } from "./unfinished.ts";

/** Who answers the call. */
export interface Receiver {
  /** A message, once for each `read`. */
  receive(message: Uint8Array): void;
  requestsEnded(): void;
  /** The peer has broken a rule: the call is to end with this. */
  stop(reason: DomainError): void;
  /** Once: the status is on its way, or the peer has left before. */
  gone(): void;
}

export interface StreamLimits {
  readonly messageBytes: number;
  /** Of all streams. */
  readonly unfinished: Unfinished;
}

const receiving = Symbol("receiving");
type Owned = ServerHttp2Stream & { [receiving]: ServerStream };

const headersOfAnswer = {
  ":status": 200,
  "content-type": "application/grpc+proto",
  "grpc-accept-encoding": acceptedEncodings,
} as const;
/** gRPC has no use for a date, nor Node's types for the option that leaves it out. */
const withTrailers: object = { waitForTrailers: true, sendDate: false };
const endingStream: object = { endStream: true, sendDate: false };
const fine: Trailers = { "grpc-status": "0" };

export class ServerStream implements FrameSink {
  readonly #stream: ServerHttp2Stream;
  readonly #encoding: string | undefined;
  readonly #limit: number;
  readonly #frames: FrameReader;
  #receiver: Receiver | undefined;
  /** Whole messages that nobody has asked for yet. */
  readonly #waiting: Buffer[] = [];
  #wanted = false;
  #paused = false;
  /** While a compressed message is being made whole, those behind it wait. */
  #unpacking: Promise<void> | undefined;
  #ended = false;
  #toldEnd = false;
  #deaf = false;
  #responded = false;
  #trailers: Trailers | undefined;
  #gone = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, limits: StreamLimits) {
    this.#stream = stream;
    this.#encoding = headers["grpc-encoding"] as string | undefined;
    this.#limit = limits.messageBytes;
    this.#frames = new FrameReader(limits.messageBytes, limits.unfinished, this);
  }

  /** From here on `receiver` is told. */
  start(receiver: Receiver): void {
    this.#receiver = receiver;
    const stream = this.#stream as Owned;
    stream[receiving] = this;
    stream.on("data", onData);
    stream.on("end", onEnd);
    stream.on("close", onClose);
    stream.on("wantTrailers", onWantTrailers);
  }

  /** Asks for one more message. */
  read(): void {
    this.#wanted = true;
    this.#deliver();
    if (this.#wanted && this.#paused && this.#unpacking === undefined) {
      this.#paused = false;
      this.#stream.resume();
    }
  }

  /** Sends a message; `sent` is called when it has left, and never where it could not. */
  send(message: Encoded, sent: () => void): void {
    if (this.#closed) return;
    this.#respond();
    this.#stream.write(frame(message), (error) => {
      if (!error) sent();
    });
  }

  /** The only message, and that all went well. */
  answer(message: Encoded, more: Trailers | undefined): void {
    this.#deaf = true;
    if (this.#closed) return;
    this.#respond();
    this.#trailers = more === undefined ? fine : { ...more, ...fine };
    const bytes = frame(message);
    if (message instanceof Gathered)
      this.#stream.end(bytes, (error?: Error | null) => {
        // Called for a caller who has left before the end, too: then Node may still be reading.
        if (!error) message.release();
      });
    else this.#stream.end(bytes);
  }

  /** What comes from the peer after it is dropped. */
  finish(status: Trailers = fine, more?: Trailers): void {
    this.#deaf = true;
    if (this.#closed || this.#trailers !== undefined) return;
    const trailers = more === undefined ? status : { ...more, ...status };
    this.#trailers = trailers;
    if (this.#responded) {
      this.#stream.end();
    } else {
      this.#responded = true;
      this.#stream.respond({ ...headersOfAnswer, ...trailers }, endingStream);
      this.#leave();
    }
    this.#drop();
  }

  get #closed(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  #respond(): void {
    if (this.#responded) return;
    this.#responded = true;
    this.#stream.respond(headersOfAnswer, withTrailers);
  }

  data(chunk: Buffer): void {
    if (!this.#deaf) this.#frames.push(chunk);
  }

  end(): void {
    if (this.#deaf) return;
    // Node's clients reset a stream by ending it first.
    if (this.#frames.within) {
      this.#refuse(new DomainError("cancelled", "the caller has left in the middle of a message"));
    } else {
      this.#ended = true;
      this.#deliver();
    }
  }

  close(): void {
    this.#deaf = true;
    this.#frames.drop();
    this.#leave();
  }

  sendTrailers(): void {
    this.#stream.sendTrailers(this.#trailers ?? fine);
    this.#leave();
    this.#drop();
  }

  message(message: Buffer, compressed: boolean): void {
    if (this.#deaf) return;
    if (!compressed && this.#unpacking === undefined) {
      this.#waiting.push(message);
      this.#deliver();
    } else {
      this.#unpack(message, compressed);
    }
    if (this.#waiting.length > 0 || this.#unpacking !== undefined) this.#pause();
  }

  tooLarge(bytes: number): void {
    this.#refuse(tooLarge(bytes, this.#limit));
  }

  crowded(): void {
    this.#refuse(
      new DomainError(
        "resource-exhausted",
        "the memory for messages that have not come in whole is full; try again or elsewhere",
        { retryAfterMs: 1000 },
      ),
    );
  }

  #unpack(message: Buffer, compressed: boolean): void {
    const before = this.#unpacking;
    const unpacked = async () => {
      await before;
      if (this.#deaf) return;
      const options = { limit: this.#limit, isWanted: () => !this.#deaf };
      const whole = compressed ? await decompress(message, this.#encoding, options) : message;
      this.#waiting.push(whole);
      this.#deliver();
    };
    const unpacking = unpacked()
      .catch((error: DomainError) => this.#refuse(error))
      .then(() => {
        if (this.#unpacking !== unpacking) return;
        this.#unpacking = undefined;
        this.#deliver();
        if (this.#wanted) this.read();
      });
    this.#unpacking = unpacking;
  }

  #deliver(): void {
    while (this.#wanted && this.#waiting.length > 0 && !this.#deaf) {
      this.#wanted = false;
      this.#receiver!.receive(this.#waiting.shift()!);
    }
    if (!this.#ended || this.#toldEnd || this.#deaf) return;
    if (this.#waiting.length > 0 || this.#unpacking !== undefined) return;
    this.#toldEnd = true;
    this.#receiver!.requestsEnded();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#stream.pause();
  }

  /** Lets the rest of the requests come and go, so that the stream can close. */
  #drop(): void {
    this.#frames.drop();
    this.#waiting.length = 0;
    if (!this.#paused && this.#receiver !== undefined) return;
    this.#paused = false;
    this.#stream.resume();
  }

  #refuse(reason: DomainError): void {
    if (this.#deaf) return;
    this.#deaf = true;
    this.#receiver!.stop(reason);
    this.#drop();
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#receiver?.gone();
  }
}

function onData(this: Owned, chunk: Buffer): void {
  this[receiving].data(chunk);
}

function onEnd(this: Owned): void {
  this[receiving].end();
}

function onClose(this: Owned): void {
  this[receiving].close();
}

function onWantTrailers(this: Owned): void {
  this[receiving].sendTrailers();
}

function frame(message: Encoded): Buffer {
  const bytes = Buffer.allocUnsafe(message.byteLength + 5);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.byteLength, 1);
  message.copy(bytes, 5);
  return bytes;
}
