/**
 * What a route is: a verb and a path, the RPC that it stands for, and how the two sides of a call are written in HTTP.
 *
 * Routes have no logic of their own: what an RPC does is in its handler, for all protocols.
 */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Context, RequestOf, ResponseOf } from "@amaas/rpc";
import type { Schema } from "./contract.ts";
import type { JsonObject } from "./json.ts";
import type { Reply } from "./reply.ts";
import type { Verb } from "./router.ts";

type Methods = GRPCInferenceServiceDefinition["methods"];

/** The contract's methods by the names of their handlers, without streams, which have no place in one answer. */
export type UnaryMethod = {
  [M in keyof Methods]: Methods[M]["requestStream"] extends true ? never : M;
}[keyof Methods];

/** A request as it has come in. */
export interface Received {
  /** Of the path; "" where the path has none of that name. */
  parameter(name: string): string;
  readonly body: Uint8Array;
  /** The body as a JSON object; an empty one where there is no body. */
  json(): JsonObject;
  header(name: string): string | undefined;
}

export interface Call<M extends UnaryMethod> {
  readonly request: RequestOf<Methods[M]>;
  reply(response: ResponseOf<Methods[M]>): Reply;
}

/** How large a body may be: of a few settings, of a model's files, of tensors. */
export type BodyKind = "none" | "settings" | "files" | "tensors";

export interface RouteAbout {
  readonly verb: Verb;
  readonly path: string;
  /** In a sentence, for the documents that are made of the table. */
  readonly summary: string;
  readonly body: BodyKind;
  readonly takes?: Schema;
  /** What a success says; the name is of a message of the contract. */
  readonly gives?: Schema | string;
}

export interface Route<M extends UnaryMethod> extends RouteAbout {
  call(received: Received, context: Context): Call<M> | Promise<Call<M>>;
}

export type RouteTable = { readonly [M in UnaryMethod]: readonly Route<M>[] };

/** A route whose method's types have been forgotten: its `reply` fits what its method's handler answers. */
export interface AnyRoute extends RouteAbout {
  readonly method: UnaryMethod;
  call(received: Received, context: Context): AnyCall | Promise<AnyCall>;
}

export interface AnyCall {
  readonly request: unknown;
  reply(response: unknown): Reply;
}

export function allRoutes(table: RouteTable): AnyRoute[] {
  return Object.entries(table).flatMap(([method, routes]) =>
    routes.map((route: Omit<AnyRoute, "method">) => ({ ...route, method: method as UnaryMethod })),
  );
}

/** The paths of a thing that every model and every version of it has. */
export function ofModel(tail: string): readonly string[] {
  return [`/v2/models/{model}${tail}`, `/v2/models/{model}/versions/{version}${tail}`];
}
