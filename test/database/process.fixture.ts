/**
 * A process that uses a database and tells its parent how far it is; the tests kill it.
 *
 * `migrate` opens it; `count` commits increments for ever and reports each one that was
 * acknowledged; `publish` publishes the outbox to the parent's relay.
 */
import { startOutbox } from "@amaas/database";
import { connectBus } from "@amaas/events";
import { nullTelemetry } from "@amaas/telemetry";
import { increment, openTables } from "./tables.ts";

const [role, url] = process.argv.slice(2);
const database = await openTables(url!);
process.send?.({ type: "test:open" });

if (role === "migrate") {
  await database.close();
} else if (role === "count") {
  for (;;) process.send?.({ type: "test:counted", version: await increment(database, "a") });
} else {
  const telemetry = nullTelemetry();
  const bus = await connectBus({ telemetry, name: "test" });
  startOutbox({ database, prefix: "test", bus, telemetry });
}
