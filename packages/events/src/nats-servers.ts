/** `AMAAS_NATS_URL` to what the NATS client asks for. */
import { DomainError, errorMessage } from "@amaas/errors";

export interface NatsServers {
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly tls?: Record<string, never>;
}

const largest = 16;

/**
 * One or more of `nats://[user:password@ | token@]host[:port]`, separated by commas; `tls://`
 * demands an encrypted connection. All servers are of one cluster and share the credentials.
 */
export function parseNatsUrl(text: string): NatsServers {
  const urls = text.split(",").map((part) => parse(part.trim()));
  if (urls.length > largest) throw refusal(`${urls.length} servers; wanted at most ${largest}`);
  const account = urls.find(({ username }) => username !== "");
  const user = decodeURIComponent(account?.username ?? "");
  const pass = decodeURIComponent(account?.password ?? "");
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || 4222}`),
    ...(pass !== "" ? { user, pass } : user !== "" ? { token: user } : {}),
    ...(urls.some(({ protocol }) => protocol === "tls:") ? { tls: {} } : {}),
  };
}

function parse(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw refusal(errorMessage(error));
  }
  if (url.protocol !== "nats:" && url.protocol !== "tls:") {
    throw refusal(`scheme ${url.protocol}//; wanted nats:// or tls://`);
  }
  if (url.hostname === "") throw refusal("no host; wanted nats://host:4222");
  return url;
}

/** Without the text itself: it may hold a password. */
function refusal(reason: string): DomainError {
  return new DomainError("invalid-argument", `NATS URL: ${reason}`);
}
