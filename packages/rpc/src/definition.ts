/**
 * What the generated code says of a service, as types: the definition, and from it the handlers
 * a server needs and the methods a client gets.
 */
import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Context } from "./context.ts";

/** The part of a generated message type that a call needs. */
export interface MessageType<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
  decode(input: BinaryReader | Uint8Array, length?: number): T;
  fromPartial(object: unknown): T;
}

export interface MethodDefinition {
  readonly name: string;
  readonly requestType: MessageType<unknown>;
  readonly requestStream: boolean;
  readonly responseType: MessageType<unknown>;
  readonly responseStream: boolean;
}

export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}

type MessageOf<T> = T extends { decode(input: Uint8Array): infer M } ? M : never;
/** What `fromPartial` takes: the message with any field left out. */
type InputOf<T> = T extends { fromPartial(object: infer P): unknown } ? P : never;

export type RequestOf<M extends MethodDefinition> = MessageOf<M["requestType"]>;
export type ResponseOf<M extends MethodDefinition> = MessageOf<M["responseType"]>;

export type Handler<M extends MethodDefinition> = (
  request: M["requestStream"] extends true ? AsyncIterable<RequestOf<M>> : RequestOf<M>,
  context: Context,
) => M["responseStream"] extends true ? AsyncIterable<ResponseOf<M>> : Promise<ResponseOf<M>>;

/** One function per method; a missing one does not compile. */
export type Handlers<D extends ServiceDefinition> = {
  readonly [K in keyof D["methods"]]: Handler<D["methods"][K]>;
};

export interface CallOptions {
  /** Aborting it cancels the call, on the server too. */
  readonly signal?: AbortSignal | undefined;
  /** From now; for streams there is none unless it is given. */
  readonly deadlineMs?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** The span that the call descends from; the active one where it is left out. */
  readonly traceparent?: string | undefined;
  /** Of a unary call: whether to try again while the server is unavailable. */
  readonly retry?: boolean | undefined;
  /** Where it is tried again: also when the server is too busy and says when to come back. */
  readonly retryBusy?: boolean | undefined;
}

export type ClientMethod<M extends MethodDefinition> = (
  request: M["requestStream"] extends true
    ? AsyncIterable<InputOf<M["requestType"]>> | Iterable<InputOf<M["requestType"]>>
    : InputOf<M["requestType"]>,
  options?: CallOptions,
) => M["responseStream"] extends true
  ? AsyncIterableIterator<ResponseOf<M>>
  : Promise<ResponseOf<M>>;

export type Client<D extends ServiceDefinition> = {
  readonly [K in keyof D["methods"]]: ClientMethod<D["methods"][K]>;
} & {
  /** Cancels what is in flight and lets the connection go. */
  close(): void;
};
