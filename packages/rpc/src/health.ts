/** The standard health service, Check and Watch, by service name and for the whole server (""). */
import { DomainError } from "@amaas/errors";
import { service as definition } from "grpc-health-check";
import { Channel } from "./channel.ts";
import type { Context } from "./context.ts";
import type { Implementation } from "./implement.ts";
import type { ServedMethod } from "./serve.ts";

export interface Health {
  readonly methods: readonly ServedMethod[];
  setServing(service: string, serving: boolean): void;
}

type Status = "SERVING" | "NOT_SERVING" | "SERVICE_UNKNOWN";
interface Question {
  readonly service: string;
}
interface Answer {
  readonly status: Status;
}

/** What is registered serves until someone says otherwise. */
export function healthOf(services: readonly Implementation[]): Health {
  const names = ["", ...services.map(({ definition: { fullName } }) => fullName)];
  const now = new Map<string, Status>(names.map((name) => [name, "SERVING"]));
  const watchers = new Map<string, Set<Channel<Answer>>>();

  const check = async ({ service }: Question): Promise<Answer> => {
    const status = now.get(service);
    if (status === undefined)
      throw new DomainError("not-found", `no service ${JSON.stringify(service)} is known here`);
    return { status };
  };

  async function* watch({ service }: Question, { signal }: Context): AsyncGenerator<Answer> {
    const changes = new Channel<Answer>();
    const others = watchers.get(service) ?? new Set();
    watchers.set(service, others.add(changes));
    const leave = () => changes.end();
    signal.addEventListener("abort", leave);
    try {
      yield { status: now.get(service) ?? "SERVICE_UNKNOWN" };
      yield* changes;
    } finally {
      others.delete(changes);
      if (others.size === 0) watchers.delete(service);
    }
  }

  return {
    methods: [
      { ...methodOf("Check"), handle: (question) => check(question as Question) },
      { ...methodOf("Watch"), handle: (question, context) => watch(question as Question, context) },
    ],
    setServing(service, serving) {
      const concerned = service === "" ? names : [service];
      const status = serving ? "SERVING" : "NOT_SERVING";
      // Who watches is told of changes, not of the same once more.
      for (const name of concerned.filter((each) => now.get(each) !== status)) {
        now.set(name, status);
        for (const watcher of watchers.get(name) ?? []) watcher.push({ status });
      }
    },
  };
}

function methodOf(name: string): Omit<ServedMethod, "handle"> {
  const method = definition[name]!;
  return {
    path: method.path.slice(1),
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    decode: (bytes) => method.requestDeserialize(Buffer.from(bytes)),
    encode: (answer) => method.responseSerialize(answer as object),
  };
}
