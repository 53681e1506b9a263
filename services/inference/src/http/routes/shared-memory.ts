/** Memory that client and server share: nothing of it is implemented, and each RPC says why. */
import { emptyReply } from "../reply.ts";
import type { Received, RouteTable, UnaryMethod } from "../route.ts";

type Methods = Extract<UnaryMethod, `${"system" | "cuda"}SharedMemory${string}`>;

const region = (received: Received) => ({ name: received.parameter("region") });
const reply = () => emptyReply;
const summary = "Refused: memory is not shared with clients.";

const status = (kind: string) =>
  both(kind, "status").map((path) => ({ verb: "GET", path, summary, body: "none" }) as const);
const unregister = (kind: string) =>
  both(kind, "unregister").map((path) => ({ verb: "POST", path, summary, body: "none" }) as const);
const register = (kind: string) =>
  ({
    verb: "POST",
    path: `/v2/${kind}/region/{region}/register`,
    summary,
    body: "settings",
  }) as const;

function both(kind: string, action: string): readonly string[] {
  return [`/v2/${kind}/${action}`, `/v2/${kind}/region/{region}/${action}`];
}

const call = (received: Received) => ({ request: region(received), reply });

export const sharedMemory: Pick<RouteTable, Methods> = {
  systemSharedMemoryStatus: status("systemsharedmemory").map((about) => ({ ...about, call })),
  systemSharedMemoryRegister: [
    {
      ...register("systemsharedmemory"),
      call: (received) => ({
        request: { ...region(received), key: "", offset: 0n, byteSize: 0n },
        reply,
      }),
    },
  ],
  systemSharedMemoryUnregister: unregister("systemsharedmemory").map((about) => ({
    ...about,
    call,
  })),
  cudaSharedMemoryStatus: status("cudasharedmemory").map((about) => ({ ...about, call })),
  cudaSharedMemoryRegister: [
    {
      ...register("cudasharedmemory"),
      call: (received) => ({
        request: {
          ...region(received),
          rawHandle: new Uint8Array(),
          deviceId: 0n,
          byteSize: 0n,
        },
        reply,
      }),
    },
  ],
  cudaSharedMemoryUnregister: unregister("cudasharedmemory").map((about) => ({ ...about, call })),
};
