import { DomainError } from "@amaas/errors";
import { expect, test } from "vitest";
import { storageFault } from "./faults.ts";

const systemError = (code: string) =>
  Object.assign(new Error(`${code}: it failed, write`), { code, syscall: "write" });

test.each(["ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE", "EACCES"])("%s is unavailable", (code) => {
  const cause = systemError(code);
  expect(storageFault("store a blob", cause)).toMatchObject({
    name: "DomainError",
    code: "unavailable",
    message: expect.stringMatching(new RegExp(`^cannot store a blob: .* \\(${code}\\)$`)),
    cause,
  });
});

test("what is not the disk's trouble passes on as it came", () => {
  const others = [
    systemError("ECONNRESET"),
    new DomainError("cancelled", "the caller left"),
    new Error("broken"),
    "text",
  ];
  for (const error of others) expect(storageFault("store a blob", error)).toBe(error);
});
