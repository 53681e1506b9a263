/**
 * A protobuf writer for messages with much `bytes` in them.
 *
 * The plain writer grows by doubling, moves a nested message when its length is known and copies
 * everything at the end. This one keeps large values by reference until the message is framed, and
 * copies each once, right to where it leaves from. With many small fields it is the slower of the two.
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { release } from "./release.ts";

/** A shorter value is cheaper to copy than to keep apart. */
const large = 4096;

/**
 * An encoded message as far as grpc-js looks at one: it asks for the length, makes room for that
 * and five bytes more, and has the message copied into it. A Buffer is one too.
 */
export interface Encoded {
  readonly length: number;
  readonly byteLength: number;
  copy(target: Uint8Array, at?: number): number;
}

/** A message in pieces, put together where it is copied to; the pieces must not change before. */
export class Gathered implements Encoded {
  readonly length: number;
  #pieces: readonly Uint8Array[] | undefined;
  #frame: Uint8Array | undefined;
  #onCopied: (() => void) | undefined;

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces;
    this.length = total(pieces);
  }

  get byteLength(): number {
    return this.length;
  }

  /** Whether the pieces are their owners' again. */
  get copied(): boolean {
    return this.#pieces === undefined;
  }

  /** Called once they are. */
  whenCopied(listener: () => void): void {
    this.#onCopied = listener;
  }

  /** Works once. */
  copy(target: Uint8Array, at = 0): number {
    if (this.#pieces === undefined) throw new Error("a gathered message is copied once");
    let end = at;
    for (const piece of this.#pieces) {
      target.set(piece, end);
      end += piece.byteLength;
    }
    this.#pieces = undefined;
    this.#frame = target;
    this.#onCopied?.();
    return end - at;
  }

  /** Gives back what the message was copied into; for when all of that has left. */
  release(): void {
    if (this.#frame !== undefined) release(this.#frame);
    this.#frame = undefined;
  }
}

export class GatherWriter extends BinaryWriter {
  #pieces: Uint8Array[] = [];
  readonly #outer: Uint8Array[][] = [];

  override bytes(value: Uint8Array): this {
    if (value.byteLength < large) return super.bytes(value);
    this.uint32(value.byteLength);
    this.#cut();
    this.#pieces.push(value);
    return this;
  }

  override fork(): this {
    this.#cut();
    this.#outer.push(this.#pieces);
    this.#pieces = [];
    return this;
  }

  override join(): this {
    this.#cut();
    const outer = this.#outer.pop();
    if (outer === undefined) throw new Error("join without fork");
    const inner = this.#pieces;
    this.#pieces = outer;
    this.uint32(total(inner));
    this.#cut();
    for (const piece of inner) this.#pieces.push(piece);
    return this;
  }

  /** What was written, without having been copied yet. */
  gathered(): Gathered {
    this.#cut();
    const pieces = this.#pieces;
    this.#pieces = [];
    return new Gathered(pieces);
  }

  override finish(): Buffer<ArrayBuffer> {
    const gathered = this.gathered();
    const bytes = Buffer.allocUnsafe(gathered.length);
    gathered.copy(bytes);
    return bytes;
  }

  /** What was written since the last cut becomes a piece. */
  #cut(): void {
    const piece = super.finish();
    if (piece.byteLength > 0) this.#pieces.push(piece);
  }
}

function total(pieces: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.byteLength;
  return bytes;
}
