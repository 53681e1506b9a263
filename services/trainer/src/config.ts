/** The variables of this service, beside the common ones. */
import { type Field, integer, text, url } from "@amaas/config";
import { type AllowedUrls, parseAllowedUrls } from "./urls/allowed-urls.ts";

const dataUrls: Field<AllowedUrls> = {
  name: "AMAAS_DATA_URLS",
  describe:
    "beginnings of the URLs that data may be read from, separated by commas; none where it is not set",
  parse: parseAllowedUrls,
};

export const config = {
  scheduler: text("AMAAS_SCHEDULER_ADDRESS", {
    default: "127.0.0.1:7101",
    describe: "host:port of the scheduler",
  }),
  blobs: url("AMAAS_BLOBS_URL", { protocols: ["file:"], describe: "where blobs are kept" }),
  threads: integer("AMAAS_TRAINER_THREADS", {
    default: 1,
    min: 1,
    max: 256,
    describe: "compute threads, each with one virtual shard at a time",
  }),
  rowsMemory: integer("AMAAS_TRAINER_ROWS_MEMORY", {
    default: 256 * 2 ** 20,
    min: 0,
    max: 2 ** 40,
    describe: "bytes of a split's features to hold in memory; a larger split is read from a file",
  }),
  dataUrls,
};
