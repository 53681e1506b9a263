import { DomainError } from "@amaas/errors";
import {
  ExchangeRequest,
  ExchangeResponse,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { decode, encoder, malformedRequest } from "./codec.ts";
import { GatherWriter } from "./gather-writer.ts";

const sizes = [0, 1, 127, 128, 4095, 4096, 16_383, 16_384, 100_000, 3_000_000];

const contribution = (size: number) =>
  ExchangeRequest.fromPartial({
    message: {
      $case: "contribution",
      value: { version: 300, level: 2, samples: 70_000, gradient: new Uint8Array(size).fill(size) },
    },
  });

test("the gathering writer writes what the plain one writes", () => {
  const messages = [
    ...sizes.map(contribution),
    ExchangeRequest.fromPartial({ message: { $case: "join", value: { job: "j", worker: "wö" } } }),
    ExchangeRequest.fromPartial({
      message: { $case: "sums", value: { pass: 2, values: [1, 2.5, -3] } },
    }),
    ExchangeRequest.fromPartial({}),
  ];
  const reused = new GatherWriter();
  for (const message of messages) {
    const plain = Buffer.from(ExchangeRequest.encode(message, new BinaryWriter()).finish());
    const gathered = ExchangeRequest.encode(message, new GatherWriter()).finish();
    expect(plain.equals(gathered)).toBe(true);
    expect(plain.equals(ExchangeRequest.encode(message, reused).finish())).toBe(true);
  }
});

test("an encoder writes the same whatever came before", () => {
  const encode = encoder<ExchangeRequest>(ExchangeRequest);
  for (const size of [5, 100_000, 100_000, 0, 7, 3_000_000, 1]) {
    const plain = ExchangeRequest.encode(contribution(size)).finish();
    const encoded = encode(contribution(size));
    const bytes = Buffer.alloc(encoded.length + 5);
    expect(encoded.copy(bytes, 5)).toBe(plain.byteLength);
    expect(bytes.subarray(5).equals(plain)).toBe(true);
  }
});

test("bytes are decoded as views of what came in", () => {
  const values = new Uint8Array([1, 2, 3, 4]);
  const message = ExchangeResponse.fromPartial({
    message: { $case: "weights", value: { values } },
  });
  const received = Buffer.from(ExchangeResponse.encode(message).finish());
  const { message: decoded } = decode(ExchangeResponse, received, malformedRequest);
  if (decoded?.$case !== "weights") throw new Error("no weights");
  expect(decoded.value.values).toEqual(values);
  expect(decoded.value.values.buffer).toBe(received.buffer);
});

test("what cannot be decoded is the given fault", () => {
  const garbage = new Uint8Array([0x0a, 0xff]);
  expect(() => decode(ExchangeResponse, garbage, malformedRequest)).toThrow(DomainError);
  expect(() => decode(ExchangeResponse, garbage, malformedRequest)).toThrow(
    "no message of its type",
  );
});
