/** The routes as an OpenAPI 3.1 document. Its schemas are the contract's own messages, and those of the inferences' JSON. */
import manifest from "../../package.json" with { type: "json" };
import { timeoutHeader } from "./caller.ts";
import { messageSchema, type Schema } from "./contract.ts";
import { headerLength } from "./header-length.ts";
import type { RouteAbout } from "./route.ts";

const errorSchema: Schema = {
  type: "object",
  required: ["error"],
  properties: { error: { type: "string", description: "what was found and what was wanted" } },
};

const bytes: Schema = { type: "string", format: "binary" };

export function openApi(routes: readonly RouteAbout[]): Schema {
  const schemas = new Map<string, Schema>([["Error", errorSchema]]);
  const paths: Record<string, Record<string, Schema>> = {};
  for (const route of routes) {
    const path = paths[route.path] ?? {};
    path[route.verb.toLowerCase()] = operation(route, schemas);
    paths[route.path] = path;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Inference",
      version: manifest.version,
      description: manifest.description,
    },
    paths,
    components: { schemas: Object.fromEntries(schemas) },
  };
}

function operation(route: RouteAbout, schemas: Map<string, Schema>): Schema {
  const { gives } = route;
  const given = typeof gives === "string" ? messageSchema(gives, schemas) : gives;
  return {
    summary: route.summary,
    parameters: [...pathParameters(route), ...headers(route)],
    ...(route.body === "none" ? {} : { requestBody: requestBody(route) }),
    responses: {
      200: {
        description: "done",
        ...(given === undefined ? {} : { content: content(route, given) }),
      },
      default: {
        description: "refused or failed, with the reason",
        content: json({ $ref: "#/components/schemas/Error" }),
      },
    },
  };
}

function requestBody(route: RouteAbout): Schema {
  return {
    required: route.body === "tensors",
    content: content(route, route.takes ?? { type: "object" }),
  };
}

/** Tensors may also be bytes behind the JSON. */
function content({ body }: RouteAbout, schema: Schema): Schema {
  const alone = json(schema);
  return body === "tensors" ? { ...alone, "application/octet-stream": { schema: bytes } } : alone;
}

function json(schema: Schema): Schema {
  return { "application/json": { schema } };
}

function pathParameters({ path }: RouteAbout): Schema[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function headers({ body }: RouteAbout): Schema[] {
  if (body !== "tensors") return [];
  const of = (name: string, type: string, description: string) => ({
    name,
    in: "header",
    description,
    schema: { type },
  });
  return [
    of(headerLength, "integer", "the length of the JSON where bytes of tensors stand behind it"),
    of(timeoutHeader, "integer", "milliseconds in which the answer is of use"),
    of("amaas-tenant", "string", "on whose behalf"),
    of("traceparent", "string", "the caller's span, by W3C Trace Context"),
  ];
}
