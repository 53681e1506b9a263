/**
 * The attached nodes: who is there, how its tasks stand, and what it should be told.
 *
 * All of it is memory. After a restart of the scheduler the nodes attach again and say everything
 * once more; until they have had the grace time to do so, a node that is missing is `awaited`
 * rather than lost. A node that leaves is `away`, and `gone` after the grace time.
 */
import {
  type AttachRequest,
  type AttachResponse,
  NodeRole,
  type Task,
  type TaskStatus,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import { Newest } from "./newest.ts";

export type Role = "trainer" | "parameter-server";

export interface Node {
  readonly name: string;
  readonly incarnation: string;
  readonly role: Role;
  readonly address: string;
  readonly threads: number;
  readonly draining: boolean;
  /** By task id. */
  readonly tasks: ReadonlyMap<string, TaskStatus>;
}

export type Presence = "present" | "awaited" | "away" | "gone";

/** The fleet at one moment, as decisions see it. */
export interface FleetView {
  /** Attached nodes, sorted by name. */
  readonly nodes: readonly Node[];
  node(name: string): Node | undefined;
  presence(name: string): Presence;
}

/** One Attach stream. */
export interface Session {
  readonly node: Node;
  /** What to tell the node, newest only. */
  readonly responses: AsyncIterable<AttachResponse>;
  update(request: AttachRequest): void;
  /** The stream has ended. */
  leave(): void;
}

interface Attached {
  node: Node;
  readonly responses: Newest<AttachResponse>;
  told: string | undefined;
}

const mostNodes = 10_000;
const goneNodesRemembered = 10_000;

export class Fleet {
  readonly #graceMs: number;
  readonly #since: number;
  readonly #now: () => number;
  readonly #attached = new Map<string, Attached>();
  /** When nodes that are not attached left. */
  readonly #left = new Map<string, number>();

  constructor({ graceMs, now }: { graceMs: number; now: () => number }) {
    this.#graceMs = graceMs;
    this.#now = now;
    this.#since = now();
  }

  /** Whether a node can attach: it is known, or there is room for one more. */
  hasRoomFor(name: string): boolean {
    return this.#attached.has(name) || this.#attached.size < mostNodes;
  }

  /** A second stream of a node takes the place of its first one. */
  attach(request: AttachRequest): Session {
    const { node: name } = request;
    this.#attached.get(name)?.responses.end();
    const attached: Attached = {
      node: nodeOf(request),
      responses: new Newest<AttachResponse>(),
      told: undefined,
    };
    this.#attached.set(name, attached);
    this.#left.delete(name);
    return {
      node: attached.node,
      responses: attached.responses,
      update: (next) => {
        attached.node = nodeOf(next);
      },
      leave: () => {
        attached.responses.end();
        if (this.#attached.get(name) !== attached) return;
        this.#attached.delete(name);
        this.#remember(name);
      },
    };
  }

  /** Tells every node what it should have, where that has changed. */
  assign(tasksOf: (node: Node) => readonly Task[]): void {
    for (const attached of this.#attached.values()) {
      const tasks = tasksOf(attached.node);
      // A task's content is a function of its id, so the ids say it all.
      const ids = tasks.map((task) => task.id).join("\n");
      if (ids === attached.told) continue;
      attached.told = ids;
      attached.responses.set({ tasks: [...tasks] });
    }
  }

  view(): FleetView {
    const now = this.#now();
    const nodes = [...this.#attached.values()]
      .map(({ node }) => node)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      nodes,
      node: (name) => this.#attached.get(name)?.node,
      presence: (name) => {
        if (this.#attached.has(name)) return "present";
        const left = this.#left.get(name);
        const awaited = left === undefined;
        if (now - (left ?? this.#since) >= this.#graceMs) return "gone";
        return awaited ? "awaited" : "away";
      },
    };
  }

  /** Ends every stream; the nodes come back when there is a scheduler again. */
  close(): void {
    for (const { responses } of this.#attached.values()) responses.end();
  }

  #remember(name: string): void {
    this.#left.set(name, this.#now());
    if (this.#left.size <= goneNodesRemembered) return;
    const [oldest] = this.#left.keys();
    if (oldest !== undefined) this.#left.delete(oldest);
  }
}

function nodeOf({
  node,
  incarnation,
  role,
  address,
  threads,
  draining,
  tasks,
}: AttachRequest): Node {
  return {
    name: node,
    incarnation,
    role: role === NodeRole.TRAINER ? "trainer" : "parameter-server",
    address,
    threads,
    draining,
    tasks: new Map(tasks.map((status) => [status.id, status])),
  };
}
