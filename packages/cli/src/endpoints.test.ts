import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { resolveAddresses } from "./endpoints.ts";

test("the command line wins over the environment, and both over the standard ports", async () => {
  const flags = { scheduler: "flag:1", registry: undefined, inference: undefined };
  const env = { scheduler: "env:1", registry: "env:2" };
  expect(await resolveAddresses(tmpdir(), flags, env)).toEqual({
    scheduler: "flag:1",
    registry: "env:2",
    inference: "127.0.0.1:8001",
  });
});
