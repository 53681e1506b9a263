/** Which models there are, and loading and unloading them. */
import { DomainError } from "@amaas/errors";
import type { ModelRepositoryParameter } from "@amaas/proto/inference/grpc_service";
import { unparsed } from "../fields.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { emptyReply, jsonReply } from "../reply.ts";
import type { Received, RouteAbout, RouteTable } from "../route.ts";

const parametersSchema = {
  type: "object",
  properties: { parameters: { type: "object" } },
};

const indexAbout = {
  verb: "POST",
  path: "/v2/repository/index",
  summary: "The models, the versions of each and their states.",
  body: "settings",
  takes: { type: "object", properties: { ready: { type: "boolean" } } },
  gives: {
    type: "array",
    items: {
      type: "object",
      properties: {
        name: { type: "string" },
        version: { type: "string" },
        state: { type: "string", enum: ["READY", "UNAVAILABLE", "LOADING", "UNLOADING"] },
        reason: { type: "string" },
      },
    },
  },
} as const satisfies RouteAbout;

const loadAbout = {
  verb: "POST",
  path: "/v2/repository/models/{model}/load",
  summary: "Loads a model, or loads it again; parameters may replace its configuration and files.",
  body: "files",
  takes: parametersSchema,
} as const satisfies RouteAbout;

const unloadAbout = {
  verb: "POST",
  path: "/v2/repository/models/{model}/unload",
  summary: "Unloads a model.",
  body: "settings",
  takes: parametersSchema,
} as const satisfies RouteAbout;

export const repository: Pick<
  RouteTable,
  "repositoryIndex" | "repositoryModelLoad" | "repositoryModelUnload"
> = {
  repositoryIndex: withRepository(indexAbout).map((about) => ({
    ...about,
    call(received) {
      const { ready = false } = received.json();
      if (typeof ready !== "boolean") throw unparsed("ready", ready, "a boolean");
      return {
        request: { repositoryName: received.parameter("repository"), ready },
        reply: ({ models }) =>
          jsonReply(
            models.map(({ name, version, state, reason }) => ({ name, version, state, reason })),
          ),
      };
    },
  })),
  repositoryModelLoad: withRepository(loadAbout).map((about) => ({ ...about, call: control })),
  repositoryModelUnload: withRepository(unloadAbout).map((about) => ({ ...about, call: control })),
};

/** Triton's clients may name a repository; that is refused where all protocols meet, in Triton's words. */
function withRepository(about: RouteAbout): readonly RouteAbout[] {
  const path = about.path.replace("/repository/", "/repository/{repository}/");
  return [about, { ...about, path, summary: "Refused: there is one repository, without a name." }];
}

/** Triton answers with an empty body, and its clients do not read one, which would cost them the connection. */
function control(received: Received) {
  return {
    request: {
      repositoryName: received.parameter("repository"),
      modelName: received.parameter("model"),
      parameters: parametersOf(received.json()),
    },
    reply: () => emptyReply,
  };
}

function parametersOf({ parameters = {} }: JsonObject): Record<string, ModelRepositoryParameter> {
  if (!isObject(parameters)) throw unparsed("parameters", parameters, "an object");
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      { parameterChoice: choiceOf(name, value) },
    ]),
  );
}

function choiceOf(
  name: string,
  value: Json | undefined,
): NonNullable<ModelRepositoryParameter["parameterChoice"]> {
  if (typeof value === "boolean") return { $case: "boolParam", value };
  if (typeof value === "number" && Number.isSafeInteger(value))
    return { $case: "int64Param", value: BigInt(value) };
  if (typeof value !== "string")
    throw unparsed(
      `parameters.${name.slice(0, 80)}`,
      value,
      "a string, a boolean or a whole number",
    );
  if (!name.startsWith("file:")) return { $case: "stringParam", value };
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value))
    throw new DomainError("invalid-argument", `parameter ${name.slice(0, 80)} is not base64`);
  return { $case: "bytesParam", value: new Uint8Array(Buffer.from(value, "base64")) };
}
