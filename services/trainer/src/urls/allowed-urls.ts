/**
 * Which URLs data may be read from: a list of prefixes that whoever runs the trainers has written.
 *
 * An entry is an origin with or without the beginning of a path, or `https://` for every public host. A
 * path in it ends at a slash: `https://a.example/data` is for `/data` and `/data/x`, not for `/database`.
 */
import type { Parsed } from "@amaas/config";
import { isLoopbackHost } from "./addresses.ts";

interface Entry {
  /** Undefined: of every https origin. */
  readonly origin: string | undefined;
  /** Without a slash at the end. */
  readonly path: string;
}

export type AllowedUrls = readonly Entry[];

const everyOrigin = "https://";

export function parseAllowedUrls(text = ""): Parsed<AllowedUrls> {
  const value: Entry[] = [];
  for (const entry of text.split(",").map((found) => found.trim())) {
    if (entry === "") continue;
    const parsed = parseEntry(entry);
    if (!parsed) {
      // What is wrong with it may be that it holds a password.
      const fault = `entry ${value.length + 1} is no beginning of an https:// URL, nor of an http:// URL of this machine`;
      return { fault };
    }
    value.push(parsed);
  }
  return { value };
}

function parseEntry(text: string): Entry | undefined {
  if (text === everyOrigin) return { origin: undefined, path: "" };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username || url.password || url.search || url.hash) return undefined;
  const isLocal = url.protocol === "http:" && isLoopbackHost(url.hostname);
  if (url.protocol !== "https:" && !isLocal) return undefined;
  return { origin: url.origin, path: url.pathname.replace(/\/$/, "") };
}

/** How a URL is allowed: `named` where its very origin is listed, which may then be a private one. */
export function allowance(url: URL, allowed: AllowedUrls): "named" | "public" | undefined {
  // A server may take these for slashes, and so for a way out of the path.
  if (/%2f|%5c/i.test(url.pathname)) return undefined;
  const isUnder = ({ path }: Entry) => url.pathname === path || url.pathname.startsWith(`${path}/`);
  if (allowed.some((entry) => entry.origin === url.origin && isUnder(entry))) return "named";
  const isPublic = allowed.some(({ origin }) => origin === undefined);
  return isPublic && url.protocol === "https:" ? "public" : undefined;
}
