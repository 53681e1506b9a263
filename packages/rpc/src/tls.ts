/** TLS for servers and clients, from PEM texts; plain text where nothing is given. */
import { createSecureServer, createServer, type Http2Server, type ServerOptions } from "node:http2";
import { ChannelCredentials } from "@grpc/grpc-js";

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

export function createHttp2Server(tls: ServerTls | undefined, options: ServerOptions): Http2Server {
  if (tls === undefined) return createServer(options);
  const { cert, key, ca } = tls;
  if (ca === undefined) return createSecureServer({ ...options, cert, key });
  return createSecureServer({ ...options, cert, key, ca, requestCert: true });
}

export function clientCredentials(tls: ClientTls | undefined): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  return ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}

function pem(text: string | Buffer | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}
