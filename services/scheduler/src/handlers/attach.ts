/**
 * Fleet.Attach: a node says how it stands, and is told which tasks it should have.
 *
 * A node has one such stream; a second one takes its place. What comes from a node is checked
 * before it counts: a faulty message ends the stream and changes nothing.
 */
import { errorMessage } from "@amaas/errors";
import type { AttachRequest, AttachResponse, Hosted } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { Scheduler } from "../app.ts";
import { checkAttach, checkSameNode } from "../attach-check.ts";
import { figuresFromBytes } from "../curve.ts";
import { lossCurve, type Piece } from "../curves.ts";
import { fleetIsFull } from "../errors.ts";
import type { ActiveJob } from "../job.ts";
import { hostId } from "../tasks.ts";

export function attach({ fleet, loop, ledger, jobLog, events }: Scheduler) {
  /** What is told once; how the node stands is asked for by the loop. */
  const take = ({ node, incarnation, tasks, logs }: AttachRequest) => {
    for (const { id, detail } of tasks) {
      if (detail?.$case !== "hosted") continue;
      const pieces = piecesOf(detail.value);
      if (pieces.length === 0) continue;
      const job = ledger.find(id.split("/", 1)[0] ?? "");
      if (!job || !leads(job, id, node, incarnation)) continue;
      ledger.addToCurves(job.id, pieces);
    }
    for (const line of logs) if (ledger.find(line.job)) jobLog.append({ ...line, source: node });
    loop.wake();
  };

  return async function* (requests: AsyncIterable<AttachRequest>): AsyncGenerator<AttachResponse> {
    const messages = requests[Symbol.asyncIterator]();
    const first = await messages.next();
    if (first.done) return;
    checkAttach(first.value);
    if (!fleet.hasRoomFor(first.value.node)) throw fleetIsFull();
    const session = fleet.attach(first.value);
    events.nodeAttached(session.node);
    take(first.value);

    let fault: unknown;
    const read = async () => {
      for (;;) {
        const { done, value } = await messages.next();
        if (done) return;
        checkAttach(value);
        checkSameNode(first.value, value);
        session.update(value);
        take(value);
      }
    };
    // Whatever ends the reading ends the responses, and thereby the call.
    void read()
      .catch((error: unknown) => {
        fault = error;
      })
      .finally(() => session.leave());
    try {
      yield* session.responses;
      if (fault !== undefined) throw fault;
    } finally {
      session.leave();
      events.nodeLeft(session.node, fault === undefined ? "stream ended" : errorMessage(fault));
      loop.wake();
    }
  };
}

function piecesOf({ firstLossStep, losses, series }: Hosted): Piece[] {
  const loss = { name: lossCurve, firstStep: firstLossStep, values: losses };
  return [loss, ...series]
    .filter(({ values }) => values.length > 0)
    .map(({ name, firstStep, values }) => ({
      name,
      first: firstStep,
      values: figuresFromBytes(values),
    }));
}

/** Whether this is the process that shard 0 of the job was placed on, in this generation. */
function leads(job: ActiveJob, task: string, node: string, incarnation: string): boolean {
  if (job.state !== "TRAINING" || task !== hostId(job, 0)) return false;
  const [lead] = job.servers;
  return lead?.node === node && lead.incarnation === incarnation;
}
