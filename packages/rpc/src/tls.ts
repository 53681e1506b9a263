/** TLS for servers and clients, from PEM texts; plain text where nothing is given. */
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";

export interface ServerTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Given it, clients must show a certificate that it has signed. */
  readonly ca?: string | Buffer;
}

export interface ClientTls {
  /** What signs servers' certificates; the system's roots where it is left out. */
  readonly ca?: string | Buffer;
  /** The client's own, for servers that ask. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

export function serverCredentials(tls: ServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) };
  return ServerCredentials.createSsl(pem(tls.ca), [pair], tls.ca !== undefined);
}

export function clientCredentials(tls: ClientTls | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  return ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}

function pem(text: string | Buffer | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}
