/**
 * A protobuf writer for messages with much `bytes` in them.
 *
 * The plain writer grows by doubling, moves a nested message when its length is known and copies
 * everything at the end. This one keeps large values by reference until the total is known, and
 * copies each once. With many small fields it is the slower of the two.
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** A shorter value is cheaper to copy than to keep apart. */
const large = 4096;

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

  override finish(): Buffer<ArrayBuffer> {
    this.#cut();
    const pieces = this.#pieces;
    this.#pieces = [];
    return Buffer.concat(pieces, total(pieces));
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
