/** The variables of this service, beside the common ones. */
import { text, url } from "@amaas/config";

export const config = {
  scheduler: text("AMAAS_SCHEDULER_ADDRESS", {
    default: "127.0.0.1:7101",
    describe: "host:port of the scheduler",
  }),
  blobs: url("AMAAS_BLOBS_URL", { protocols: ["file:"], describe: "where blobs are kept" }),
};
