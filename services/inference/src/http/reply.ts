/** An answer before it is written: its status, its headers, and its body in pieces, which are not joined. */

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Uint8Array[];
}

export function textOf(text: string): Uint8Array {
  return Buffer.from(text);
}

export function jsonReply(value: unknown, status = 200): Reply {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: [textOf(JSON.stringify(value))],
  };
}

export const emptyReply: Reply = { status: 200, headers: {}, body: [] };
