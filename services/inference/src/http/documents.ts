/** What is said of the routes: the OpenAPI document, for programs, and a page, for people; made of the routes' table. */

import { docsPage } from "./docs-page.ts";
import type { Endpoint } from "./endpoint.ts";
import { openApi } from "./openapi.ts";
import { jsonReply, textOf } from "./reply.ts";
import type { RouteAbout } from "./route.ts";

/** The page runs its own script and talks to its own server, and nothing else. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function documents(routes: readonly RouteAbout[]): Endpoint[] {
  return [
    {
      verb: "GET",
      path: "/v2/openapi.json",
      body: "none",
      answer: () => jsonReply(openApi(routes)),
    },
    {
      verb: "GET",
      path: "/v2/docs",
      body: "none",
      answer: () => ({
        status: 200,
        headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy },
        body: [textOf(docsPage(routes))],
      }),
    },
  ];
}
