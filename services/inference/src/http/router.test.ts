import { expect, test } from "vitest";
import { Router, type Verb } from "./router.ts";

const route = (verb: Verb, path: string) => ({ verb, path });
const router = new Router([
  route("GET", "/v2"),
  route("GET", "/v2/models/stats"),
  route("GET", "/v2/models/{model}"),
  route("GET", "/v2/models/{model}/versions/{version}"),
  route("POST", "/v2/models/{model}/load"),
  route("GET", "/v1/models/{model}"),
  route("POST", "/v1/models/{model}:predict"),
]);
const find = (method: string, path: string) => {
  const { route, parameters } = router.find(method, path);
  return [route.path, parameters];
};

test("segments are literal before they are names", () => {
  expect(find("GET", "/v2/models/stats")).toEqual(["/v2/models/stats", {}]);
  expect(find("GET", "/v2/models/iris")).toEqual(["/v2/models/{model}", { model: "iris" }]);
  expect(find("POST", "/v2/models/stats/load")).toEqual([
    "/v2/models/{model}/load",
    { model: "stats" },
  ]);
});

test("a name may be followed by what all of its kind end in", () => {
  expect(find("POST", "/v1/models/a:b:predict")).toEqual([
    "/v1/models/{model}:predict",
    { model: "a:b" },
  ]);
  expect(find("GET", "/v1/models/a:b")).toEqual(["/v1/models/{model}", { model: "a:b" }]);
});

test("names are decoded, and nothing that is sent becomes a property of all objects", () => {
  expect(find("GET", "/v2/models/a%2Fb%20%E2%98%83")[1]).toEqual({ model: "a/b ☃" });
  expect(find("GET", "/v2/models/__proto__")[1]).toEqual({ model: "__proto__" });
  expect(() => router.find("GET", "/v2/models/%E2%98")).toThrow("percent-encoded");
});

test("what there is not is 404, and what is asked in another way 405 with the right one", () => {
  for (const path of [
    "/",
    "/v2/",
    "/v2/models",
    "/v2/models//",
    "/v2/models/a/versions",
    "//v2",
    "",
  ])
    expect(() => router.find("GET", path), path).toThrow(expect.objectContaining({ status: 404 }));
  expect(() => router.find("DELETE", "/v2")).toThrow(
    expect.objectContaining({ status: 405, headers: { allow: "GET" } }),
  );
  expect(find("HEAD", "/v2")[0]).toBe("/v2");
});

test("a route that is there twice is a mistake of ours", () => {
  expect(() => new Router([route("GET", "/a"), route("GET", "/a")])).toThrow("twice");
});
