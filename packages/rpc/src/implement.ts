/**
 * A service's definition joined with its handlers, which is what a server is made of.
 *
 * The types check that there is a handler for every method; behind this function they are gone.
 */
import type { Context } from "./context.ts";
import type { Handlers, ServiceDefinition } from "./definition.ts";

/** A handler whose request type has been forgotten; the method's own decoder makes its argument. */
export type AnyHandler = (request: never, context: Context) => unknown;

export interface Implementation {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
}

export function implement<D extends ServiceDefinition>(
  definition: D,
  handlers: Handlers<D>,
): Implementation;
export function implement(
  definition: ServiceDefinition,
  handlers: Readonly<Record<string, AnyHandler>>,
): Implementation {
  return { definition, handlers };
}
