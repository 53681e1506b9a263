/** Everything that must hold besides the tests: format, lint, types, generated code. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules/.bin", name);

const colours = process.stdout.isTTY ? "--colors=force" : "--colors=off";

const steps: readonly [name: string, command: string, args: readonly string[]][] = [
  ["format and lint", bin("biome"), ["ci", "--error-on-warnings", colours, "."]],
  ["types", bin("tsc"), ["-p", root]],
  ["generated code", process.execPath, [join(root, "test/generate.ts"), "--check"]],
];

const failed = steps.filter(([name, command, args]) => {
  const started = performance.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  return status !== 0;
});
process.exitCode = failed.length === 0 ? 0 : 1;
