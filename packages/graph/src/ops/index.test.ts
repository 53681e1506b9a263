import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

test("every family of operators is compared with the engine", () => {
  const index = readFileSync(join(import.meta.dirname, "index.ts"), "utf8");
  const families = [...index.matchAll(/from "\.\/([a-z-]+)\.ts"/g)].map(([, family]) => family!);
  expect(families).toContain("elementwise");
  const missing = families.filter(
    (family) => !existsSync(join(import.meta.dirname, `${family}.test.ts`)),
  );
  expect(missing).toEqual([]);
});
