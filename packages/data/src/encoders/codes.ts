/** Texts as whole numbers: 1, 2, … in their order, 0 for those that training has not seen, and for none. */
import { type GraphBuilder, mlDomain, type Value } from "@amaas/graph";
import { faultyData } from "../limits.ts";

export interface Codes {
  /** INT64 [rows, 1] */
  readonly value: Value;
  /** How many there are, 0 among them. */
  readonly size: number;
  /** Of the training rows. */
  readonly data: Int32Array;
}

/** The different texts of a column, sorted by code units; refuses more than `limit`. */
export function distinctTexts(name: string, data: readonly string[], limit: number): string[] {
  const occurred = new Set(data);
  occurred.delete("");
  if (occurred.size > limit)
    throw faultyData(
      "data.ignore",
      `column ${JSON.stringify(name)} has ${occurred.size} different texts in the training rows, wanted at most ${limit}, or the column listed here`,
    );
  return [...occurred].sort();
}

export function codesOf(
  g: GraphBuilder,
  value: Value,
  data: readonly string[],
  order: readonly string[],
): Codes {
  const places = new Map(order.map((text, place) => [text, place + 1]));
  return {
    value: labelled(g, value, places, 0),
    size: order.length + 1,
    data: Int32Array.from(data, (text) => places.get(text) ?? 0),
  };
}

/** The id of each text, INT64; `other` for those that are not listed. */
export function labelled(
  g: GraphBuilder,
  value: Value,
  ids: ReadonlyMap<string, number>,
  other: number,
): Value {
  // An attribute without elements is none.
  const entries = ids.size === 0 ? [["", other] as const] : [...ids];
  return g.node(
    "LabelEncoder",
    [value],
    {
      keys_strings: entries.map(([text]) => text),
      values_int64s: entries.map(([, id]) => id),
      default_int64: other,
    },
    { domain: mlDomain },
  );
}
