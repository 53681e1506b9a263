/**
 * The rows of the registry.
 *
 * A model's `latest_version` is the counter that keeps version numbers free of gaps. An alias' row
 * holds only the revision of its newest move; what it points to stands in that move, so that the
 * history and the present cannot disagree.
 */

/** What the names of the registry's tables begin with. */
export const prefix = "registry";

export interface Tables {
  registry_models: ModelRow;
  registry_versions: VersionRow;
  registry_aliases: AliasRow;
  registry_alias_moves: MoveRow;
}

export interface ModelRow {
  name: string;
  created_at: number;
  latest_version: number;
}

export interface VersionRow {
  model: string;
  version: number;
  /** Unique; null where the caller gave none. */
  idempotency_key: string | null;
  digest: string;
  bytes: number;
  weights_sha256: string;
  /** JSON, as are the next four. */
  inputs: string;
  outputs: string;
  classes: string;
  metrics: string;
  lineage: string;
  created_at: number;
  traceparent: string;
  evaluation: string;
  /** JSON. */
  intervals: string;
}

export interface AliasRow {
  model: string;
  alias: string;
  revision: number;
}

export interface MoveRow {
  model: string;
  alias: string;
  /** 1, 2, 3 without gaps. */
  revision: number;
  version: number;
  /** The revision that a rollback of this move goes back to; null where there is none. */
  below: number | null;
  moved_at: number;
  reason: string;
  traceparent: string;
}
