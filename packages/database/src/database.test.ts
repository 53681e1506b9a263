import { nullTelemetry } from "@amaas/telemetry";
import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";

const telemetry = nullTelemetry();

test.each(["", "sqlite:", "mysql://host/db", "postgres://", "/var/db", "postgres://a b/c"])(
  "%j is no database",
  async (url) => {
    const opening = openDatabase({ url, migrations: [], telemetry });
    await expect(opening).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("wanted sqlite:<path>"),
    });
  },
);

test("two migrations of one name are a mistake that shows at once", async () => {
  const migration = { name: "test_001", up: async () => undefined };
  const migrations = [migration, migration];
  const opening = openDatabase({ url: "sqlite::memory:", migrations, telemetry });
  await expect(opening).rejects.toThrow("two migrations are called test_001");
});
