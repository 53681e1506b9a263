/**
 * Generates packages/proto from proto/. With `--check`, generates into a temporary folder instead
 * and fails when the committed code differs.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const committed = join(root, "packages/proto");

function buf(...args: string[]): void {
  execFileSync(join(root, "node_modules/.bin/buf"), args, { cwd: root, stdio: "inherit" });
}

function generateInto(folder: string): void {
  rmSync(join(folder, "src"), { recursive: true, force: true });
  for (const template of ["buf.gen.yaml", "buf.gen.wire.yaml"]) {
    const text = readFileSync(join(root, template), "utf8");
    buf(
      "generate",
      "--template",
      text.replace("out: packages/proto/src", `out: ${join(folder, "src")}`),
    );
  }
  buf("build", "-o", join(folder, "descriptor.binpb"));
}

function filesOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") || name.endsWith(".binpb"))
    .filter((name) => !name.startsWith("node_modules"))
    .sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name)).toString("base64")]));
}

function differences(left: Map<string, string>, right: Map<string, string>): string[] {
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => left.get(name) !== right.get(name));
}

const scratch = mkdtempSync(join(tmpdir(), "amaas-generate-"));
try {
  buf("lint");
  generateInto(scratch);
  if (process.argv.includes("--check")) {
    const stale = differences(filesOf(committed), filesOf(scratch));
    if (stale.length > 0) {
      console.error(`generated code is out of date, run pnpm generate: ${stale.join(", ")}`);
      process.exitCode = 1;
    }
  } else {
    rmSync(join(committed, "src"), { recursive: true, force: true });
    cpSync(scratch, committed, { recursive: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
