import { expect, test } from "vitest";
import { docsPage } from "./docs-page.ts";
import { openApi } from "./openapi.ts";
import { allRoutes } from "./route.ts";
import { createRoutes } from "./routes/index.ts";

const metadata = () => Promise.reject(new Error("is not asked"));
const routes = allRoutes(createRoutes({ jsonBytes: 1, metadata }));
// biome-ignore lint/suspicious/noExplicitAny: a document of no certain shape.
const document = JSON.parse(JSON.stringify(openApi(routes))) as any;

test("every route is in the document and on the page", () => {
  const page = docsPage(routes);
  for (const { verb, path } of routes) {
    expect(document.paths[path][verb.toLowerCase()].summary, path).toMatch(/\w\.$/);
    expect(page).toContain(`<code>${path}</code>`);
  }
  const operations = Object.values(document.paths).flatMap((path) => Object.keys(path as object));
  expect(operations).toHaveLength(routes.length);
});

test("what a schema refers to is there", () => {
  const referred = JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
  const names = new Set([...referred].map(([, name]) => name));
  expect(names).toContain("ModelConfig");
  expect(names).toContain("ModelInput");
  expect([...names].filter((name) => !(name! in document.components.schemas))).toEqual([]);
});

test("every name in a path is a parameter", () => {
  for (const [path, operations] of Object.entries(document.paths))
    for (const { parameters } of Object.values(
      operations as Record<string, { parameters: { name: string; in: string }[] }>,
    )) {
      const names = parameters
        .filter((parameter) => parameter.in === "path")
        .map(({ name }) => `{${name}}`);
      expect(path.match(/\{\w+\}/g) ?? []).toEqual(names);
    }
});

test("a 64-bit integer is a number, an enum its name", () => {
  const { ModelInput, StatisticDuration } = document.components.schemas;
  expect(StatisticDuration.properties.count).toEqual({ type: "integer" });
  expect(ModelInput.properties.data_type.enum).toContain("TYPE_FP32");
  expect(ModelInput.properties.dims).toEqual({ type: "array", items: { type: "integer" } });
});
