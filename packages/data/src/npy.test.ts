import { DomainError } from "@amaas/errors";
import { type Tensor, tensor } from "@amaas/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeNpy, encodeNpy, type NpyType } from "./npy.ts";

/** A file as numpy would write it, with any header. */
function file(header: string, data: Uint8Array = new Uint8Array(), version = 1): Uint8Array {
  const length =
    version === 1
      ? [header.length & 255, header.length >> 8]
      : [...new Uint8Array(new Uint32Array([header.length]).buffer)];
  return Uint8Array.from([
    0x93,
    ...Buffer.from("NUMPY"),
    version,
    0,
    ...length,
    ...Buffer.from(header),
    ...data,
  ]);
}

const bytes = (values: Float32Array) => new Uint8Array(values.buffer);
const three = bytes(Float32Array.of(1, 2, 3));
const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";

describe("an array", () => {
  const arrays: Tensor<NpyType>[] = [
    tensor("FP32", [2, 3], Float32Array.of(0, -1.5, Number.NaN, 3e38, 1e-40, 7)),
    tensor("FP64", [3], Float64Array.of(Math.PI, -0, 1e300)),
    tensor("UINT8", [1, 2, 2], Uint8Array.of(0, 1, 254, 255)),
    tensor("INT32", [2], Int32Array.of(-1, 2 ** 31 - 1)),
    tensor("INT64", [2], BigInt64Array.of(-1n, 2n ** 62n)),
    tensor("FP32", [], Float32Array.of(5)),
    tensor("FP32", [0, 4], new Float32Array()),
  ];

  test.each(arrays)("$type $shape is the same after writing and reading", (array) => {
    expect(decodeNpy(encodeNpy(array))).toEqual(array);
  });

  test("is written byte for byte as numpy writes it", () => {
    const written = encodeNpy(tensor("FP32", [3], Float32Array.of(1, 2, 3)));
    expect(written).toEqual(file(`${header.padEnd(117)}\n`, three));
    expect(written.byteLength).toBe(128 + 12);
  });

  test("is read in versions 1 to 3, aligned or not, with its keys in any order", () => {
    for (const version of [1, 2, 3])
      for (const text of [header, "{'shape':(3,),'fortran_order':False,'descr':'<f4'}  \n"])
        expect(decodeNpy(file(text, three, version))).toMatchObject({
          type: "FP32",
          shape: [3],
          data: Float32Array.of(1, 2, 3),
        });
  });

  test("of bytes is a view, not a copy", () => {
    const written = encodeNpy(tensor("UINT8", [2], Uint8Array.of(1, 2)));
    const { data } = decodeNpy(written);
    written[written.length - 1] = 9;
    expect(data).toEqual(Uint8Array.of(1, 9));
  });
});

describe("a file that is no array", () => {
  test.each([
    ["nothing", new Uint8Array(), "does not begin like"],
    ["text", Buffer.from("a,b\n1,2\n3,4\n"), "does not begin like"],
    ["a later version", file(header, three, 4), "version 4"],
    ["cut in the magic", file(header, three).subarray(0, 9), "does not begin like"],
    ["cut in the header", file(header, three).subarray(0, 40), "ends within its header"],
    ["cut in the length", file(header, three, 2).subarray(0, 11), "ends within its header"],
    ["cut in the data", file(header, three).subarray(0, -1), "11 bytes of data, wanted 12"],
    ["too long", file(header, bytes(new Float32Array(4))), "16 bytes of data, wanted 12"],
    ["a giant header", file(header, three, 2).fill(255, 8, 12), "at most 65536"],
    ["big-endian", file(header.replace("<", ">"), three), '">f4", wanted one of <f4'],
    ["strings", file(header.replace("<f4", "<U3"), three), '"<U3"'],
    ["objects", file(header.replace("<f4", "|O"), three), '"|O"'],
    ["complex", file(header.replace("<f4", "<c8"), three), '"<c8"'],
    ["fields", file(header.replace("'<f4'", "[('a', '<f4')]"), three), "has the header"],
    ["Fortran order", file(header.replace("False", "True"), three), "C order"],
    ["code", file("__import__('os').system('id')", three), "has the header"],
    ["no shape", file("{'descr': '<f4', 'fortran_order': False}", three), "has the header"],
    ["two shapes", file(header.replace("}", "'shape': (3,)}"), three), "has the header"],
    ["more after it", file(`${header} + 1}`, three), "has the header"],
    ["a negative size", file(header.replace("(3,)", "(-3,)"), three), "has the header"],
    [
      "a huge size",
      file(header.replace("(3,)", "(999999999999999, 9999999)"), three),
      "too many elements",
    ],
    ["a huge rank", file(header.replace("(3,)", `(${"1,".repeat(9)})`), three), "at most 8 sizes"],
    ["an odd shape", file(header.replace("(3,)", "(3 3)"), three), "has the header"],
  ])("is refused: %s", (_, hostile, message) => {
    expect(() => decodeNpy(hostile)).toThrow(message);
  });

  test("is refused, whatever its bytes, in no time", () => {
    const anyHeader = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.string({ unit: fc.constantFrom(..."{}(),:' descrfotan_hp<4123"), maxLength: 5000 }),
      fc.integer({ min: 0, max: 60_000 }).map((n) => `{'shape': (${" ".repeat(n)}`),
    );
    fc.assert(
      fc.property(anyHeader, (text) => {
        try {
          decodeNpy(file(Buffer.from(text, "latin1").toString("latin1"), three));
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
