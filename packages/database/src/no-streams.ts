/** Kysely's `stream()` would hold a connection for as long as the reader likes. */
import type { QueryResult } from "kysely";

// biome-ignore lint/correctness/useYield: a generator by contract, which refuses
export async function* noStreams<R>(): AsyncIterableIterator<QueryResult<R>> {
  throw new Error("stream() is not supported; read page by page");
}
