/**
 * The sum of the squares of float32 values, exactly: the same whatever their order, and however they
 * are shared out among those who add.
 *
 * A float32 is m 2^e with a whole m below 2^24, and m^2 is below 2^48. For each exponent the upper and
 * the lower halves of m^2 are added apart, as whole numbers that a double holds exactly up to 2^29
 * summands. All of them together are one whole number of units of 2^-298. Only `value` rounds, once.
 */
const exponents = 256;
const half = 2 ** 24;
/** As many hexadecimal digits as the squares of 2^30 of the largest numbers have. */
const mostDigits = 152;

export class ExactSquares {
  static readonly none = new ExactSquares(0n);
  /** In units of 2^-298; undefined where a value was no number, or infinite. */
  readonly #units: bigint | undefined;

  private constructor(units: bigint | undefined) {
    this.#units = units;
  }

  static of(values: Float32Array): ExactSquares {
    const sums = byExponent(values);
    if (sums[2 * exponents - 2] !== 0) return new ExactSquares(undefined);
    let units = 0n;
    // The exponents 0 and 1 have the same unit; from there, each has four times the one before.
    for (let exponent = exponents - 2; exponent >= 0; exponent--) {
      if (units !== 0n && exponent > 0) units <<= 2n;
      const [upper, lower] = [sums[2 * exponent]!, sums[2 * exponent + 1]!];
      if (upper !== 0 || lower !== 0) units += (BigInt(upper) << 24n) + BigInt(lower);
    }
    return new ExactSquares(units);
  }

  /** Undefined where it is not the text of such sums. */
  static fromText(text: string): ExactSquares | undefined {
    if (text === "") return new ExactSquares(undefined);
    if (text.length > mostDigits || !/^[0-9a-f]+$/.test(text)) return undefined;
    return new ExactSquares(BigInt(`0x${text}`));
  }

  /** Hexadecimal; empty where a value was no number. */
  text(): string {
    return this.#units?.toString(16) ?? "";
  }

  plus(other: ExactSquares): ExactSquares {
    const [a, b] = [this.#units, other.#units];
    return new ExactSquares(a === undefined || b === undefined ? undefined : a + b);
  }

  /** NaN where a value was none, or was infinite. */
  value(): number {
    return this.#units === undefined ? Number.NaN : Number(this.#units) * 2 ** -298;
  }
}

/** Of each exponent, first the upper halves, then the lower ones. */
function byExponent(values: Float32Array): Float64Array {
  const sums = new Float64Array(2 * exponents);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const exponent = (word >>> 23) & 0xff;
    const fraction = word & 0x7f_ffff;
    const m = exponent === 0 ? fraction : fraction + 0x80_0000;
    const square = m * m;
    const upper = Math.floor(square / half);
    const at = exponent << 1;
    sums[at] = sums[at]! + upper;
    sums[at + 1] = sums[at + 1]! + (square - upper * half);
  }
  return sums;
}
