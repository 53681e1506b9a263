import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identityOf } from "./identity.ts";
import { createStateWriter, findSuite, type StateFile } from "./state-file.ts";

let root: string;
let state: StateFile;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "amaas-state-"));
  await mkdir(join(root, ".amaas"));
  await mkdir(join(root, "a", "b"), { recursive: true });
  state = {
    supervisor: identityOf(process.pid),
    directory: join(root, ".amaas"),
    startedAt: new Date(0).toISOString(),
    endpoints: { scheduler: "h:1", registry: "h:2", inference: "h:3", metrics: {} },
    processes: [],
  };
});
afterEach(() => rm(root, { recursive: true }));

test("a running suite is found from the folders beneath it", async () => {
  const writer = createStateWriter(state.directory);
  await writer.write(state);
  expect(await findSuite(join(root, "a", "b"))).toEqual(state);
  await writer.remove();
  expect(await findSuite(join(root, "a", "b"))).toBeUndefined();
  expect(await readdir(state.directory)).toEqual([]);
});

test("a suite whose supervisor has died is none", async () => {
  await createStateWriter(state.directory).write({ ...state, supervisor: { pid: 2 ** 22 + 1 } });
  expect(await findSuite(root)).toBeUndefined();
});

test.each(["", "{}", "[]", '{"supervisor":{"pid":1},"endpoints":{},"processes":[]}'])(
  "a state file that holds %j is passed over",
  async (content) => {
    await writeFile(join(state.directory, "suite.json"), content);
    expect(await findSuite(root)).toBeUndefined();
  },
);
