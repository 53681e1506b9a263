/** A thread to be lost: whether one of this process may go behind others and come forward again. */
import { tryComingForward } from "./priority.ts";
import { serveThread } from "./serve-thread.ts";

export interface ProbeApi {
  mayComeForward(): boolean;
}

serveThread<ProbeApi>({ mayComeForward: tryComingForward });
