/** Imported first, by threads that may be told to begin behind others: all that they load comes after. */
import { workerData } from "node:worker_threads";
import { yieldProcessor } from "./priority.ts";

/** As `data` of `startThread`. */
export const beginBehind = { beginsBehind: true };

if (workerData?.beginsBehind === true) yieldProcessor();
