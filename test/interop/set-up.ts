/**
 * Makes the Python environment of the interop tests, unless it is there: `node test/interop/set-up.ts`.
 *
 * perf_analyzer's binary is built for glibc 2.38. An older system gets that library and the C++ one from Debian 13,
 * in the environment's folder, for this binary alone.
 */
import { type StdioOptions, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { home, isMade, perfAnalyzer, python, requirements, seal } from "./environment.ts";

const perfAnalyzerVersion = "2.60.0";
const wantedLibc = [2, 38] as const;

const run = (command: string, ...args: string[]) => runIn(import.meta.dirname, command, ...args);

function runIn(cwd: string, command: string, ...args: string[]): void {
  const stdio: StdioOptions = ["ignore", "inherit", "inherit"];
  const { status, error } = spawnSync(command, args, { cwd, stdio });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`, { cause: error });
}

function pip(...args: string[]): void {
  run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...args);
}

function hasLibc(): boolean {
  const said = spawnSync("getconf", ["GNU_LIBC_VERSION"], { encoding: "utf8" }).stdout;
  const [major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(said)?.slice(1).map(Number) ?? [];
  return major > wantedLibc[0] || (major === wantedLibc[0] && minor >= wantedLibc[1]);
}

/** Debian's packages, fetched by apt from a list of sources of their own and unpacked, not installed. */
function unpackLibc(folder: string): string {
  const apt = join(folder, "apt");
  const sources = join(apt, "debian.sources");
  for (const part of ["lists/partial", "cache/archives/partial"])
    mkdirSync(join(apt, part), { recursive: true });
  writeFileSync(
    sources,
    [
      "Types: deb",
      "URIs: http://deb.debian.org/debian",
      "Suites: trixie",
      "Components: main",
      "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
      "",
    ].join("\n"),
  );
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    "Dir::Etc::sourceparts=-",
    `Dir::State::lists=${join(apt, "lists")}`,
    `Dir::Cache=${join(apt, "cache")}`,
    "APT::Sandbox::User=",
  ].flatMap((option) => ["-o", option]);
  run("apt-get", "-qq", ...options, "update");
  runIn(apt, "apt-get", "-qq", ...options, "download", "libc6", "libstdc++6", "libgcc-s1");
  for (const file of readdirSync(apt).filter((name) => name.endsWith(".deb")))
    run("dpkg-deb", "-x", join(apt, file), folder);
  rmSync(apt, { recursive: true });
  return join(folder, "usr", "lib", "x86_64-linux-gnu");
}

function addPerfAnalyzer(): void {
  const target = join(home, "perf");
  const platform = "manylinux_2_38_x86_64";
  const wheel = `perf-analyzer==${perfAnalyzerVersion}`;
  pip("--target", target, "--platform", platform, "--only-binary=:all:", "--no-deps", wheel);
  const binary = join(target, "perf_analyzer", "bin", "perf_analyzer");
  chmodSync(binary, 0o755);
  let command = binary;
  if (!hasLibc()) {
    const libraries = unpackLibc(join(home, "libc"));
    const path = `${libraries}:/usr/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu`;
    command = `${join(libraries, "ld-linux-x86-64.so.2")} --library-path ${path} ${binary}`;
  }
  writeFileSync(perfAnalyzer, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
}

if (isMade) {
  console.log(`${home} is there`);
} else {
  rmSync(home, { recursive: true, force: true });
  run("python3", "-m", "venv", home);
  pip("--requirement", requirements);
  addPerfAnalyzer();
  writeFileSync(seal, "");
  console.log(`${home} is made`);
}
