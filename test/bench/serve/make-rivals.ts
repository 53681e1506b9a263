/**
 * Makes the Python environments of the servers that ours is measured beside, unless they are there:
 * `node test/bench/serve/make-rivals.ts [--python PATH]`. Needs a Python with `venv`; what cannot be installed is told and
 * left out. PyTriton's server has an interpreter of its own, which wants the standard library of the same version or an older one.
 */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { environmentOf, isMade, rivalNames } from "./rivals/environment.ts";

const { values: options } = parseArgs({
  options: { python: { type: "string", default: "python3" } },
});

function run(command: string, ...args: string[]): boolean {
  const { status } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  return status === 0;
}

for (const name of rivalNames) {
  const { home, bin, requirements, seal } = environmentOf(name);
  if (isMade(name)) {
    console.log(`${home} is there`);
    continue;
  }
  rmSync(home, { recursive: true, force: true });
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
  const made =
    run(options.python, "-m", "venv", home) &&
    run(join(bin, "python"), ...install, "--requirement", requirements);
  if (made) writeFileSync(seal, "");
  else process.exitCode = 1;
  console.log(made ? `${home} is made` : `${name} could not be installed`);
}
