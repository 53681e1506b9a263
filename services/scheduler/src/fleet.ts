/**
 * The attached nodes: who is there, how its tasks stand, and what it should be told.
 *
 * All of it is memory. After a restart of the scheduler the nodes attach again and say everything
 * once more; until they have had the grace time to do so, a node that is missing is `awaited`
 * rather than lost. A node that leaves is `away`, and `gone` after the grace time; so is one whose
 * stream is open but silent, though nodes have something to say every two seconds.
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
  /** Attached nodes that are not silent, sorted by name. */
  readonly nodes: readonly Node[];
  /** Whether all nodes have had the time to attach, after a start of the scheduler. */
  readonly settled: boolean;
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
  /** Ticks since it was last heard of. */
  silence: number;
}

/** How often `tick` is to be called. */
export const tickMs = 1_000;
const silentAfterTicks = 5;

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
      silence: 0,
    };
    this.#attached.set(name, attached);
    this.#left.delete(name);
    return {
      node: attached.node,
      responses: attached.responses,
      update: (next) => {
        attached.node = nodeOf(next);
        attached.silence = 0;
      },
      leave: () => {
        attached.responses.end();
        if (this.#attached.get(name) !== attached) return;
        this.#attached.delete(name);
        this.#remember(name);
      },
    };
  }

  /**
   * Time passes. Ticks and not the clock: when the scheduler itself was suspended, the nodes have
   * not been silent.
   */
  tick(): void {
    for (const attached of this.#attached.values()) attached.silence += 1;
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
    const nodes = [...this.#attached.values()]
      .filter((attached) => !isSilent(attached))
      .map(({ node }) => node)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const byName = new Map(nodes.map((node) => [node.name, node]));
    const now = this.#now();
    return {
      nodes,
      settled: now - this.#since >= this.#graceMs,
      node: (name) => byName.get(name),
      presence: (name) => (byName.has(name) ? "present" : this.#absence(name, now)),
    };
  }

  /** Ends every stream; the nodes come back when there is a scheduler again. */
  close(): void {
    for (const { responses } of this.#attached.values()) responses.end();
  }

  #absence(name: string, now: number): Presence {
    const attached = this.#attached.get(name);
    const left = this.#left.get(name);
    const absentMs = attached
      ? (attached.silence - silentAfterTicks) * tickMs
      : now - (left ?? this.#since);
    if (absentMs >= this.#graceMs) return "gone";
    return attached || left !== undefined ? "away" : "awaited";
  }

  #remember(name: string): void {
    this.#left.set(name, this.#now());
    if (this.#left.size <= goneNodesRemembered) return;
    const [oldest] = this.#left.keys();
    if (oldest !== undefined) this.#left.delete(oldest);
  }
}

function isSilent({ silence }: Attached): boolean {
  return silence >= silentAfterTicks;
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
