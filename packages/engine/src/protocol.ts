/** What a thread and its owner say to each other. */
import { DomainError, type ErrorCode, type ErrorDetails } from "@amaas/errors";

/** The methods that a thread serves: functions of values that can be cloned. */
export type Methods<Api> = { readonly [M in keyof Api]: (...args: never[]) => unknown };
export type MethodOf<Api> = keyof Api & string;
export type ArgumentsOf<Api extends Methods<Api>, M extends MethodOf<Api>> = Parameters<Api[M]>;
export type ResultOf<Api extends Methods<Api>, M extends MethodOf<Api>> = Awaited<
  ReturnType<Api[M]>
>;

export type Request =
  /** First of all, and once. */
  | { readonly kind: "guard"; readonly memory: SharedArrayBuffer }
  | {
      readonly kind: "call";
      readonly id: number;
      readonly method: string;
      readonly args: unknown[];
    }
  | { readonly kind: "close" };

export type Reply =
  | { readonly kind: "value"; readonly id: number; readonly value: unknown }
  | { readonly kind: "fault"; readonly id: number; readonly fault: Fault };

/** An error as a value. A cloned DomainError would be a plain Error, and some errors do not clone. */
export type Fault = {
  readonly message: string;
  readonly stack: string | undefined;
  readonly domain?: { readonly code: ErrorCode; readonly details: ErrorDetails };
};

export function faultOf(thrown: unknown): Fault {
  if (!(thrown instanceof Error)) return { message: String(thrown), stack: undefined };
  const { message, stack } = thrown;
  if (!(thrown instanceof DomainError)) return { message, stack };
  const { code, violations, metadata, retryAfterMs } = thrown;
  const details = { violations, metadata, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return { message, stack, domain: { code, details } };
}

/** The error that the thread threw, with the stack that it had there. */
export function errorOf({ message, stack, domain }: Fault): Error {
  const error = domain ? new DomainError(domain.code, message, domain.details) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
