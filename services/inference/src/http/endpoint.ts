/** What answers at a path: an RPC's handler behind its route, or a document about the routes. */

import type { InferenceHandlers } from "../handlers/index.ts";
import type { HttpCaller } from "./caller.ts";
import type { Reply } from "./reply.ts";
import type { AnyRoute, BodyKind, Received } from "./route.ts";
import type { Verb } from "./router.ts";

export interface Endpoint {
  readonly verb: Verb;
  readonly path: string;
  readonly body: BodyKind;
  answer(received: Received, caller: HttpCaller): Reply | Promise<Reply>;
}

export function endpointOf(route: AnyRoute, handlers: InferenceHandlers): Endpoint {
  // The route's call made the request for this very method.
  const handle = handlers[route.method] as (request: unknown, caller: HttpCaller) => unknown;
  return {
    ...route,
    async answer(received, caller) {
      const { request, reply } = await route.call(received, caller);
      return reply(await handle(request, caller));
    },
  };
}
