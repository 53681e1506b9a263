export { Channel } from "./channel.ts";
export { type ClientOptions, createClient } from "./client.ts";
export type { Context } from "./context.ts";
export type {
  CallOptions,
  Client,
  ClientMethod,
  Handler,
  Handlers,
  MethodDefinition,
  RequestOf,
  ResponseOf,
  ServiceDefinition,
} from "./definition.ts";
export { type Implementation, implement } from "./implement.ts";
export { listenOn } from "./listen.ts";
export { release } from "./release.ts";
export { createServer, type RpcServer, type ServerOptions } from "./server.ts";
export type { ClientTls, ServerTls } from "./tls.ts";
export { isPacking, type Packing, unpack } from "./unpack.ts";
