/**
 * A service for the tests of the embedded bus: tells its parent what it hears, publishes what its
 * parent asks for, and reports how that went.
 */
import { connectBus } from "@amaas/events";
import { nullTelemetry } from "@amaas/telemetry";

interface Order {
  readonly type: "test:publish";
  readonly versions: readonly number[];
}

const tell = (message: object) => process.send?.(message);
const bus = await connectBus({ telemetry: nullTelemetry(), name: "peer" });

bus.subscribe("amaas.registry.alias.moved", ({ id, data, traceparent }) => {
  tell({ type: "test:heard", id, version: data.version, traceparent });
});
bus.onConnect(() => tell({ type: "test:connected" }));

process.on("message", async (order: Order | { type: "test:close" }) => {
  if (order.type === "test:close") {
    await bus.close();
    process.removeAllListeners("message");
  }
  if (order.type !== "test:publish") return;
  for (const version of order.versions) {
    const data = { model: "digits", alias: "champion", version, revision: version };
    await bus.publish({ subject: "amaas.registry.alias.moved", id: `alias-${version}`, data });
  }
  tell({ type: "test:published" });
});
