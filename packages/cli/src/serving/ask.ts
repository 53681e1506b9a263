/** What a model server says that it serves, over its REST protocol. */
import { DomainError } from "@amaas/errors";

export interface ServedTensor {
  readonly name: string;
  readonly datatype: string;
  /** -1 where any size will do. */
  readonly shape: readonly number[];
}

export interface ServedVersion {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
  /** Of versions that answer. */
  readonly inputs: readonly ServedTensor[];
  readonly outputs: readonly ServedTensor[];
}

const patienceMs = 10_000;
/** Of so many the tensors are asked for. */
const mostDescribed = 20;

type Indexed = Pick<ServedVersion, "name" | "version" | "state" | "reason">;

export async function askServed(address: string): Promise<ServedVersion[]> {
  const index = await json<Indexed[]>(`http://${address}/v2/repository/index`, { method: "POST" });
  return Promise.all(
    index.map(async (entry, at) => {
      const none = { ...entry, inputs: [], outputs: [] };
      if (entry.state !== "READY" || at >= mostDescribed) return none;
      const path = `models/${encodeURIComponent(entry.name)}/versions/${entry.version}`;
      try {
        const { inputs, outputs } = await json<ServedVersion>(`http://${address}/v2/${path}`);
        return { ...entry, inputs, outputs };
      } catch {
        // Unloaded since, or slow to say: it is listed all the same.
        return none;
      }
    }),
  );
}

async function json<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(patienceMs) });
  if (!response.ok)
    throw new DomainError("unavailable", `${url} answered ${response.status}, wanted 200`);
  return (await response.json()) as T;
}
