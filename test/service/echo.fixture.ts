/** The smallest service, for the tests of its life: it answers health checks and one slow call. */
import { flag, integer } from "@amaas/config";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { implement } from "@amaas/rpc";
import { runService } from "@amaas/service";
import type { Telemetry } from "@amaas/telemetry";

await runService({
  name: "registry",
  config: {
    answerAfterMs: integer("TEST_ANSWER_AFTER_MS", { default: 0, min: 0, describe: "slowness" }),
    endlessPage: flag("TEST_ENDLESS_PAGE", { default: false, describe: "metrics without an end" }),
    faultInPage: flag("TEST_FAULT_IN_PAGE", { default: false, describe: "but with a fault" }),
    cold: flag("TEST_COLD", { default: false, describe: "not ready before SIGUSR2" }),
  },
  async start({ config, telemetry, address }) {
    void address.then((found) => telemetry.log.info("address", { found }));
    if (config.endlessPage) showEndless(telemetry, config.faultInPage);
    let cold = config.cold;
    process.once("SIGUSR2", () => {
      cold = false;
    });
    const steps: string[] = [];
    return {
      services: [
        implement(BlobsDefinition, {
          async statBlob({ digest }) {
            if (digest === "crash") setTimeout(() => Promise.reject(new Error("nobody caught me")));
            await new Promise((resolve) => setTimeout(resolve, config.answerAfterMs));
            steps.push("answered");
            return { exists: true, bytes: 7 };
          },
          async uploadBlob() {
            return { digest: "", bytes: 0 };
          },
          async *downloadBlob() {},
        }),
      ],
      ready: () => (cold ? "warming up" : true),
      async drain() {
        steps.push("drain");
      },
      async close() {
        steps.push("close");
        telemetry.log.info("closed", { steps });
      },
    };
  },
});

function showEndless({ log, metrics }: Telemetry, fault: boolean): void {
  metrics.read({
    name: "test_endless",
    help: "Series without an end",
    type: "gauge",
    *read() {
      const labels = { text: "x".repeat(1000) };
      log.info("the page has a reader");
      try {
        for (let number = 0; ; number++) {
          yield { labels, besides: { number }, value: number };
          if (number === 1_000 && fault) throw new Error("no such figure");
          if (number === 20_000) log.info("the page has 20 MB");
        }
      } finally {
        log.info("the page has no reader");
      }
    },
  });
}
