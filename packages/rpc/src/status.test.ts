import { DomainError, type ErrorCode } from "@amaas/errors";
import { Metadata, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { detailsKey } from "./details.ts";
import { fromStatus, statusName, toTrailers } from "./status.ts";

/** What a client makes of the trailers. */
function toStatus(error: DomainError) {
  const { "grpc-status": code, "grpc-message": message = "", ...rest } = toTrailers(error);
  const metadata = Metadata.fromHttp2Headers(rest);
  return { code: Number(code) as status, details: decodeURI(message), metadata };
}

const codes = Object.values(status).filter((code) => typeof code === "number" && code !== 0);

test("every status but OK has a code, and goes there and back", () => {
  expect(codes).toHaveLength(16);
  for (const code of codes as status[]) {
    const error = fromStatus({ code, details: "why", metadata: new Metadata() });
    expect(toStatus(error)).toMatchObject({ code, details: "why" });
    expect(statusName(error.code)).toBe(status[code]);
  }
  expect(statusName("ok")).toBe("OK");
  const foreign = fromStatus({ code: 99 as status, details: "", metadata: new Metadata() });
  expect(foreign.code).toBe("unknown" satisfies ErrorCode);
});

test("details go there and back", () => {
  const details = {
    violations: [
      { field: "training.optimizer.type", description: 'found "adamm", wanted sgd, adam or adamw' },
      { field: "", description: "" },
    ],
    retryAfterMs: 61_007,
    metadata: { revision: "7", "": "ü☃" },
  };
  const error = new DomainError("failed-precondition", "no", details);
  expect(fromStatus(toStatus(error))).toMatchObject({
    code: error.code,
    message: "no",
    ...details,
  });
});

test("the wire form is google.rpc.Status with its standard messages", () => {
  const error = new DomainError("not-found", "m", {
    violations: [{ field: "f", description: "d" }],
    retryAfterMs: 1500,
    metadata: { k: "v" },
  });
  const [bytes] = toStatus(error).metadata.get(detailsKey);
  const any = (type: string, value: string) => {
    const url = Buffer.from(`type.googleapis.com/google.rpc.${type}`);
    const body = Buffer.concat([
      Buffer.from([0x0a, url.length]),
      url,
      Buffer.from([0x12, value.length / 2]),
      Buffer.from(value, "hex"),
    ]);
    return Buffer.concat([Buffer.from([0x1a, body.length]), body]).toString("hex");
  };
  expect((bytes as Buffer).toString("hex")).toBe(
    [
      "0805",
      "12016d",
      any("BadRequest", "0a060a0166120164"),
      any("RetryInfo", "0a0808011080cab5ee01"),
      any("ErrorInfo", `0a09${hex("NOT_FOUND")}1205${hex("amaas")}1a060a016b120176`),
    ].join(""),
  );
});

const hex = (text: string) => Buffer.from(text).toString("hex");

test("an error without details has no details trailer", () => {
  expect(toStatus(new DomainError("aborted", "no")).metadata.get(detailsKey)).toEqual([]);
});

test("details that make no sense are ignored", () => {
  for (const garbage of ["", "ff", "1aff", "1a04ffffffff", "0a", "1a020a00"]) {
    const metadata = new Metadata();
    metadata.set(detailsKey, Buffer.from(garbage, "hex"));
    const error = fromStatus({ code: status.ABORTED, details: "why", metadata });
    expect(error).toMatchObject({ code: "aborted", message: "why", violations: [] });
  }
});

test("messages and details keep within what a trailer holds, whatever is in them", () => {
  const violations = Array.from({ length: 1000 }, () => ({
    field: "f".repeat(600),
    description: "\ud83d\ude00".repeat(600),
  }));
  const metadata = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`key${index}`, "value"]),
  );
  const error = new DomainError("internal", "\ud83d\ude00".repeat(5000), { violations, metadata });
  const { details, metadata: trailers } = toStatus(error);
  expect(encodeURI(details).length).toBeLessThan(8192);
  const [bytes] = trailers.get(detailsKey);
  expect((bytes as Buffer).length).toBeLessThan(8192);
  expect(encodeURI(toStatus(new DomainError("internal", "\ud83d")).details)).toBeDefined();
});
