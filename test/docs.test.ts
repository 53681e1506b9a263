/**
 * Documents tell the truth: their job specs parse, their commands exist, their TypeScript compiles,
 * their links lead somewhere, their variables are read by somebody.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { run } from "@amaas/cli";
import { examples } from "@amaas/examples";
import { fileRefs, parseJobSpec, withFileRefs } from "@amaas/spec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const find = (...patterns: string[]) =>
  globSync(patterns, { cwd: root, exclude: ["**/node_modules/**"] }).sort();

const documents = find("*.md", "{packages,services,test,proto}/**/*.md").map((path) => ({
  path,
  text: read(path),
}));
const parts = find("{packages,services}/*/package.json").map((path) => dirname(path));

interface Block {
  readonly path: string;
  readonly language: string;
  readonly code: string;
}

const fence = /^```(\w*)\n(.*?)^```$/gms;
const blocks: Block[] = documents.flatMap(({ path, text }) =>
  [...text.matchAll(fence)].map(([, language = "", code = ""]) => ({ path, language, code })),
);
const inText = /(?<!`)`([^`\n]+)`(?!`)/g;
/** Commands and paths in the running text, and the lines of the blocks that are typed into a shell. */
const quoted = documents.flatMap(({ path, text }) => [
  ...[...text.replace(fence, "").matchAll(inText)].map(([, words = ""]) => ({ path, words })),
  ...blocks
    .filter((block) => block.path === path && (block.language === "sh" || block.language === ""))
    .flatMap(({ code }) => code.split("\n").map((words) => ({ path, words }))),
]);

test.each(parts)("%s says what it is for", (part) => {
  expect(documents.map(({ path }) => path)).toContain(`${part}/README.md`);
});

describe("job specs", () => {
  const specs = blocks.filter(({ language, code }) => language === "yaml" && /^task:/m.test(code));

  test.each(specs)("in $path parse", ({ code }) => {
    parseJobSpec(parse(code));
  });

  test.each(Object.entries(examples))("of the example %s parses", (_, { job }) => {
    parseJobSpec(parse(readFileSync(job, "utf8")));
  });

  test("the job that README.md shows is the one that the command writes", () => {
    const shown = specs.find(({ path }) => path === "README.md");
    const spec = parseJobSpec(parse(readFileSync(examples.penguins.job, "utf8")));
    const beside = new Map(fileRefs(spec).map((file) => [file, basename(file)]));
    expect(parseJobSpec(parse(shown?.code ?? ""))).toEqual(withFileRefs(spec, beside));
  });
});

describe("commands", () => {
  const lines = quoted.flatMap(({ path, words }) => {
    const [, line] = /(?:^|pnpm |pnpm@12 |\()amaas ([a-z-][^#`)&|]*)/.exec(words) ?? [];
    return line === undefined ? [] : [{ path, line: line.trim() }];
  });

  test("are found", () => expect(lines.length).toBeGreaterThan(8));

  test.each(lines)("$path: amaas $line", async ({ line }) => {
    const [command = "", ...rest] = line.split(/\s+/);
    if (command.startsWith("--")) return expect(await help()).toContain(command);
    const path = [command];
    let about = await help(command);
    if (about.includes("\nCommands:\n") && rest.length > 0) {
      path.push(rest.shift()!);
      about = await help(...path);
    }
    expect(about).toContain(`Usage: amaas ${path.join(" ")} `);
    for (const option of rest.filter((word) => word.startsWith("-")))
      expect(about).toMatch(new RegExp(`(^|\\s)${option}[\\s,]`, "m"));
    const wanted = /^Usage: .*/.exec(about)?.[0].match(/<[\w.-]+>|\[[\w.-]+\]/g) ?? [];
    const given = rest.filter(
      (word, at) => !word.startsWith("-") && !rest[at - 1]?.startsWith("-"),
    );
    const most = wanted.some((name) => name.includes("..."))
      ? Number.POSITIVE_INFINITY
      : wanted.filter((name) => name !== "[options]").length;
    expect(most).toBeGreaterThanOrEqual(given.length);
  });

  async function help(...command: string[]): Promise<string> {
    let said = "";
    const stream = {
      write: (text: string) => {
        said += text;
      },
    };
    const code = await run([...command, "--help"], {
      command: "amaas",
      env: {},
      directory: root,
      input: (async function* () {})(),
      stdout: stream,
      stderr: stream,
      signal: new AbortController().signal,
      onImpatience: () => {},
    });
    expect(code).toBe(0);
    return said;
  }

  test("scripts of the workspace exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = quoted.flatMap(({ path, words }) => {
      const [, name] = /\bpnpm(?:@12)? (?:--silent )?([a-z][a-z:*]*)/.exec(words) ?? [];
      return name === undefined ? [] : [{ path, name }];
    });
    const matches = (name: string) => (script: string) =>
      name.endsWith("*") ? script.startsWith(name.slice(0, -1)) : script === name;
    expect(named.filter(({ name }) => !Object.keys(scripts).some(matches(name)))).toEqual([]);
    expect(named.length).toBeGreaterThan(4);
  });
});

describe("TypeScript", () => {
  /** What an example takes for granted. */
  const given: Readonly<Record<string, string>> = {
    "packages/client/README.md": "declare const spec: unknown, pixels: Float32Array;",
    "packages/data/README.md":
      'declare const spec: import("@amaas/spec").JobSpec, blobs: import("@amaas/blobs").BlobStore;',
    "packages/metrics/README.md":
      'declare const spec: import("@amaas/spec").JobSpec, sums: number[], samples: number;',
    "packages/rpc/README.md": `
      declare const telemetry: import("@amaas/telemetry").Telemetry, digest: string;
      declare const store: {
        stat(digest: string, signal: AbortSignal): Promise<{ exists: boolean; bytes: number }>;
        read(digest: string, offset: number): AsyncIterable<Uint8Array>;
        write(requests: AsyncIterable<unknown>): Promise<{ digest: string; bytes: number }>;
      };`,
  };
  const folder = join(import.meta.dirname, "node_modules/.cache/docs");

  beforeAll(() => mkdirSync(folder, { recursive: true }));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("in documents compiles", () => {
    const sources = blocks.filter(({ language }) => language === "ts");
    expect(sources.length).toBeGreaterThan(4);
    sources.forEach(({ path, code }, at) => {
      const name = `${path.replaceAll("/", "-")}-${at}.mts`;
      writeFileSync(join(folder, name), `${code}\n${given[path] ?? ""}\nexport {};\n`);
    });
    const engine = join(root, "packages/engine/node_modules/onnxruntime-node/dist/index.d.ts");
    const options = {
      noUnusedLocals: false,
      typeRoots: [join(root, "node_modules/@types")],
      // Examples for those who have an engine of their own.
      paths: { "onnxruntime-node": [engine] },
    };
    const project = join(folder, "tsconfig.json");
    const config = {
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: options,
      include: ["*.mts"],
      exclude: [],
    };
    writeFileSync(project, JSON.stringify(config));
    const tsc = join(root, "node_modules/.bin/tsc");
    const { stdout, status } = spawnSync(tsc, ["-p", project], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});

describe("names", () => {
  test("links lead somewhere", () => {
    const link = /\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g;
    const broken = documents.flatMap(({ path, text }) =>
      [...text.matchAll(link)]
        .map(([, target = ""]) => target)
        .filter((target) => !existsSync(join(root, dirname(path), target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test("paths in the text exist", () => {
    const pathLike = /^(?:(?:\.\/)?(?:src|proto|packages|services|test)\/)[\w@./-]+$/;
    const broken = quoted
      .filter(({ words }) => pathLike.test(words) && !words.includes("//"))
      .filter(({ path, words }) => {
        const from = [root, join(root, dirname(path))];
        return !from.some((folder) => existsSync(join(folder, words)));
      });
    expect(broken.map(({ path, words }) => `${path}: ${words}`)).toEqual([]);
  });

  test("variables are read by somebody", () => {
    const tables = find(
      "services/*/src/config.ts",
      "packages/service/src/common-config.ts",
      "packages/cli/src/shell.ts",
    ).map(read);
    const known = new Set(tables.flatMap((table) => table.match(/(?<=")AMAAS_\w+(?=")/g) ?? []));
    const named = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\bAMAAS_[A-Z_]+\b/g)].map(([name]) => ({ path, name })),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ name }) => !known.has(name))).toEqual([]);
  });
});
