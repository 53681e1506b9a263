/**
 * Imports point one way: proto, packages, services, test. A package imports only what its own
 * manifest names, and each heavy dependency has one owner.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

interface Manifest {
  readonly name: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

interface Part {
  readonly folder: string;
  readonly name: string;
  readonly layer: "package" | "service" | "test";
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
}

const root = join(import.meta.dirname, "..");

const owners: readonly [dependency: RegExp, owner: string][] = [
  [/^@grpc\/|^grpc-health-check$/, "@amaas/rpc"],
  [/^@nats-io\//, "@amaas/events"],
  [/^onnxruntime-/, "@amaas/engine"],
  [/^@opentelemetry\/|^pino$|^prom-client$/, "@amaas/telemetry"],
  [/^kysely$|^pg$/, "@amaas/database"],
  [/^hyparquet|^apache-arrow$|^sharp$/, "@amaas/data"],
  [/^mnist$|^vega-datasets$/, "@amaas/examples"],
];
/** Kysely's query builder is the language that the services' stores are written in. */
const shared: readonly [dependency: RegExp, layer: Part["layer"]][] = [
  [/^kysely$/, "service"],
  [/^kysely$|^pg$/, "test"],
];

const parts = globSync(
  ["packages/*/package.json", "services/*/package.json", "test/package.json"],
  {
    cwd: root,
  },
).map(readPart);
const byName = new Map(parts.map((part) => [part.name, part]));

function readPart(path: string): Part {
  const manifest = JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest;
  const folder = path.replace(/\/?package\.json$/, "");
  return {
    folder,
    name: manifest.name,
    layer: folder.startsWith("packages") ? "package" : folder === "test" ? "test" : "service",
    dependencies: new Set(Object.keys(manifest.dependencies ?? {})),
    devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
  };
}

/** Static imports, re-exports and dynamic imports. */
const statement =
  /^(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;

function sourcesOf(part: Part): { file: string; source: string }[] {
  const pattern = part.layer === "test" ? "**/*.ts" : "src/**/*.ts";
  const files = globSync(pattern, { cwd: join(root, part.folder), exclude: ["node_modules/**"] });
  return files.map((file) => ({
    file: `${part.folder}/${file}`,
    source: readFileSync(join(root, part.folder, file), "utf8"),
  }));
}

function importsOf(part: Part): { file: string; specifier: string }[] {
  return sourcesOf(part).flatMap(({ file, source }) =>
    [...source.matchAll(statement)].map((match) => ({
      file,
      specifier: match[1] ?? match[2] ?? "",
    })),
  );
}

const packageOf = (specifier: string) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
const isExternal = (specifier: string) =>
  !specifier.startsWith(".") && !specifier.startsWith("node:");

test("manifests name no part above their own layer, and there is no cycle", () => {
  for (const part of parts) {
    for (const name of part.dependencies) {
      const needed = byName.get(name);
      if (!needed) continue;
      expect(needed.layer, `${part.name} depends on ${name}`).toBe("package");
    }
  }
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    expect(path, `cycle: ${[...path, name].join(" -> ")}`).not.toContain(name);
    if (done.has(name)) return;
    for (const next of byName.get(name)?.dependencies ?? [])
      if (byName.has(next)) visit(next, [...path, name]);
    done.add(name);
  };
  for (const { name } of parts) visit(name, []);
});

describe.each(parts)("$name", (part) => {
  const imports = importsOf(part);

  test("imports only what its manifest names", () => {
    const undeclared = imports.filter(({ file, specifier }) => {
      if (!isExternal(specifier)) return false;
      const name = packageOf(specifier);
      if (name === part.name || name === "vitest") return false;
      const forTests =
        file.endsWith(".test.ts") || file.includes(".fixture.") || part.layer === "test";
      return !part.dependencies.has(name) && !(forTests && part.devDependencies.has(name));
    });
    expect(undeclared).toEqual([]);
  });

  test("names nothing in its manifest that it does not use", () => {
    const sources = sourcesOf(part).map(({ source }) => source);
    // Also where a file of it is resolved, not imported.
    const named = (name: string) => {
      const mention = new RegExp(`["'\`]${name}["'\`/]`);
      return sources.some((source) => mention.test(source));
    };
    expect([...part.dependencies].filter((name) => !named(name))).toEqual([]);
  });

  test("stays inside its own folder", () => {
    const depth = (file: string) => file.split("/").length - part.folder.split("/").length - 1;
    const escapes = imports.filter(({ file, specifier }) => {
      const ups = specifier.split("/").filter((step) => step === "..").length;
      return specifier.startsWith("..") && ups > depth(file);
    });
    expect(escapes).toEqual([]);
  });

  test("leaves heavy dependencies to their owners", () => {
    const taken = imports.filter(({ specifier }) =>
      owners.some(
        ([dependency, owner]) =>
          dependency.test(packageOf(specifier)) && owner !== part.name && !allowed(part, specifier),
      ),
    );
    expect(taken).toEqual([]);
  });
});

function allowed(part: Part, specifier: string): boolean {
  return shared.some(([dependency, layer]) => dependency.test(specifier) && layer === part.layer);
}
