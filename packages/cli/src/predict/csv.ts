/** Inputs as CSV with a header line; every cell stays the text it is until the model tells its type. */
import { DomainError } from "@amaas/errors";
import { parse } from "csv-parse/sync";
import type { PredictInput, Row } from "./input.ts";

export function parseCsv(bytes: Uint8Array): PredictInput {
  const rows: Row[] = parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
    bom: true,
    columns: true,
    skip_empty_lines: true,
  });
  if (rows.length === 0)
    throw new DomainError("invalid-argument", "found no row, wanted a header line and rows");
  return { kind: "records", rows };
}
