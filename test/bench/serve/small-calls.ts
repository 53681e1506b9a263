/** What a call costs whose model costs next to nothing, beyond that model; and one stream against single calls. */
import { cpuSeconds } from "../process-usage.ts";
import { load, percentile } from "./h2load.ts";
import { requestFrame } from "./models.ts";
import { bare, type Contest } from "./saturation.ts";

export interface SmallCalls {
  /** Of the server, a call. */
  readonly cpuMicroseconds: number;
  readonly p50Ms: number;
  readonly unaryPerSecond: number;
  readonly streamPerSecond: number;
}

const messages = 20_000;

export async function smallCalls(contest: Contest): Promise<SmallCalls> {
  const { name, model, server } = contest;
  const [loop] = await bare(contest, [1], 1);
  const frame = requestFrame(name, model);
  const before = cpuSeconds(server.pid);
  const crowded = await load({ ...server, frame, calls: 32, requests: messages });
  const spent = ((cpuSeconds(server.pid) - before) * 1e6) / crowded.requests;
  const single = await load({ ...server, frame, calls: 1, requests: 3_000 });
  const stream = await load({
    ...server,
    method: "ModelStreamInfer",
    frame: Buffer.concat(new Array<Buffer>(messages).fill(frame)),
    calls: 1,
    requests: 1,
  });
  return {
    cpuMicroseconds: spent - loop!.cpuMicroseconds,
    p50Ms: percentile(single.milliseconds, 0.5) - 1000 / loop!.samplesPerSecond,
    unaryPerSecond: single.perSecond,
    streamPerSecond: messages / (stream.milliseconds[0]! / 1000),
  };
}
