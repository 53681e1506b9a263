/**
 * The details of an error as google.rpc.Status carries them in the trailer
 * `grpc-status-details-bin`: BadRequest for the violations, RetryInfo, ErrorInfo for the metadata.
 *
 * Trailers are small (8 KiB with many peers), so that of very many violations the first ones are
 * told and the rest are counted. What comes in is not trusted: bytes that make no sense say nothing.
 */
import type { DomainError, ErrorDetails, Violation } from "@amaas/errors";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export const detailsKey = "grpc-status-details-bin";

const badRequestType = "type.googleapis.com/google.rpc.BadRequest";
const retryInfoType = "type.googleapis.com/google.rpc.RetryInfo";
const errorInfoType = "type.googleapis.com/google.rpc.ErrorInfo";

/** In bytes; base64 makes a third more of them. */
const violationsBudget = 3584;
const metadataBudget = 1024;
const longestText = 512;

/** `message` is the status' own. Undefined where there is nothing beyond code and message. */
export function encodeDetails(
  status: number,
  message: string,
  error: DomainError,
): Buffer | undefined {
  const details: [type: string, value: Uint8Array][] = [];
  if (error.violations.length > 0) details.push([badRequestType, badRequest(error.violations)]);
  if (error.retryAfterMs !== undefined)
    details.push([retryInfoType, retryInfo(error.retryAfterMs)]);
  if (Object.keys(error.metadata).length > 0)
    details.push([errorInfoType, errorInfo(error.code, error.metadata)]);
  if (details.length === 0) return undefined;

  // google.rpc.Status { code = 1; message = 2; repeated Any details = 3 }; clients check that code
  // and message are those of the status itself.
  const writer = new BinaryWriter().tag(1, WireType.Varint).int32(status);
  writer.tag(2, WireType.LengthDelimited).string(message);
  for (const [type, value] of details) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(type);
    writer.tag(2, WireType.LengthDelimited).bytes(value);
    writer.join();
  }
  return Buffer.from(writer.finish());
}

export function decodeDetails(bytes: Uint8Array): ErrorDetails {
  let told: ErrorDetails = {};
  try {
    for (const detail of messages(bytes, 3)) {
      const type = text(detail, 1);
      const value = messages(detail, 2)[0] ?? new Uint8Array();
      if (type === badRequestType) told = { ...told, violations: violationsOf(value) };
      if (type === retryInfoType) told = { ...told, retryAfterMs: delayOf(value) };
      if (type === errorInfoType) told = { ...told, metadata: metadataOf(value) };
    }
  } catch {
    // The code and the message stand without them.
  }
  return told;
}

/** BadRequest { repeated FieldViolation { field = 1; description = 2 } = 1 } */
function badRequest(violations: readonly Violation[]): Uint8Array {
  const writer = new BinaryWriter();
  const add = (violation: Uint8Array) => writer.tag(1, WireType.LengthDelimited).bytes(violation);
  let left = violationsBudget;
  for (const [index, { field, description }] of violations.entries()) {
    const violation = pair(clip(field), clip(description));
    left -= violation.length;
    if (left < 0) {
      add(pair("", `${violations.length - index} more`));
      break;
    }
    add(violation);
  }
  return writer.finish();
}

function violationsOf(bytes: Uint8Array): Violation[] {
  return messages(bytes, 1).map((violation) => ({
    field: text(violation, 1),
    description: text(violation, 2),
  }));
}

/** RetryInfo { Duration { seconds = 1; nanos = 2 } = 1 } */
function retryInfo(ms: number): Uint8Array {
  const whole = Math.max(0, Math.ceil(ms));
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int64(Math.floor(whole / 1000));
  writer.tag(2, WireType.Varint).int32((whole % 1000) * 1_000_000);
  return writer.join().finish();
}

function delayOf(bytes: Uint8Array): number {
  const [delay] = messages(bytes, 1);
  if (delay === undefined) return 0;
  return Number(integer(delay, 1)) * 1000 + Number(integer(delay, 2)) / 1_000_000;
}

/** ErrorInfo { reason = 1; domain = 2; map<string, string> metadata = 3 } */
function errorInfo(reason: string, metadata: Readonly<Record<string, string>>): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(reason.toUpperCase().replaceAll("-", "_"));
  writer.tag(2, WireType.LengthDelimited).string("amaas");
  let left = metadataBudget;
  for (const [key, value] of Object.entries(metadata)) {
    const entry = pair(key, value);
    left -= entry.length;
    if (left >= 0) writer.tag(3, WireType.LengthDelimited).bytes(entry);
  }
  return writer.finish();
}

function metadataOf(bytes: Uint8Array): Record<string, string> {
  return Object.fromEntries(messages(bytes, 3).map((entry) => [text(entry, 1), text(entry, 2)]));
}

/** A message of two strings, 1 and 2: a violation, a map's entry. */
function pair(first: string, second: string): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(first);
  return writer.tag(2, WireType.LengthDelimited).string(second).finish();
}

function clip(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
}

/** Every length-delimited field of that number. */
function messages(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(type, field);
  }
  return found;
}

function text(bytes: Uint8Array, wanted: number): string {
  const [found] = messages(bytes, wanted);
  return found === undefined ? "" : new TextDecoder().decode(found);
}

function integer(bytes: Uint8Array, wanted: number): bigint {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === WireType.Varint) return BigInt(reader.int64());
    reader.skip(type, field);
  }
  return 0n;
}
