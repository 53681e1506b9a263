/**
 * Finds the route of a path. Patterns are made of literal segments and `{named}` ones, which may end in a literal
 * (`{model}:predict`); where both fit a segment the literal one is taken, as /v2/models/stats is before
 * /v2/models/{model}.
 */
import { HttpRefusal } from "./status.ts";

export type Verb = "GET" | "POST";
export type PathParameters = Readonly<Record<string, string>>;

export interface Routed<R> {
  readonly route: R;
  readonly parameters: PathParameters;
}

interface Node<R> {
  readonly literal: Map<string, Node<R>>;
  readonly named: { readonly name: string; readonly suffix: string; readonly node: Node<R> }[];
  readonly routes: Map<string, R>;
}

export class Router<R extends { readonly verb: Verb; readonly path: string }> {
  readonly #root: Node<R> = emptyNode();

  constructor(routes: Iterable<R>) {
    for (const route of routes) this.#add(route);
  }

  /** Throws the refusal of a path, or of a method, that there is not. */
  find(method: string, path: string): Routed<R> {
    const parameters: Record<string, string> = {};
    const node = descend(this.#root, segmentsOf(path), 0, parameters);
    if (!node)
      throw new HttpRefusal(404, `there is nothing at ${shown(path)}; /v2/docs lists what is`);
    const route = node.routes.get(method === "HEAD" ? "GET" : method);
    if (route) return { route, parameters };
    const allow = [...node.routes.keys()].join(", ");
    throw new HttpRefusal(405, `found ${method} ${shown(path)}, wanted ${allow}`, { allow });
  }

  #add(route: R): void {
    let node = this.#root;
    for (const segment of segmentsOf(route.path)) node = child(node, segment);
    if (node.routes.has(route.verb)) throw new Error(`${route.verb} ${route.path} is routed twice`);
    node.routes.set(route.verb, route);
  }
}

function child<R>(node: Node<R>, segment: string): Node<R> {
  const [, name, suffix = ""] = /^\{(\w+)\}(.*)$/.exec(segment) ?? [];
  if (name === undefined) {
    const next = node.literal.get(segment) ?? emptyNode<R>();
    node.literal.set(segment, next);
    return next;
  }
  const known = node.named.find((named) => named.name === name && named.suffix === suffix);
  if (known) return known.node;
  const made = { name, suffix, node: emptyNode<R>() };
  node.named.push(made);
  node.named.sort((a, b) => b.suffix.length - a.suffix.length);
  return made.node;
}

function descend<R>(
  node: Node<R>,
  segments: readonly string[],
  at: number,
  parameters: Record<string, string>,
): Node<R> | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.routes.size > 0 ? node : undefined;
  const literal = node.literal.get(segment);
  const found = literal && descend(literal, segments, at + 1, parameters);
  if (found) return found;
  for (const { name, suffix, node: next } of node.named) {
    if (!segment.endsWith(suffix) || segment.length === suffix.length) continue;
    const end = descend(next, segments, at + 1, parameters);
    if (!end) continue;
    parameters[name] = decoded(segment.slice(0, segment.length - suffix.length));
    return end;
  }
  return undefined;
}

function segmentsOf(path: string): string[] {
  return path.split("/").slice(1);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpRefusal(
      400,
      `found ${shown(segment)} in the path, which is no percent-encoded text`,
    );
  }
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function emptyNode<R>(): Node<R> {
  return { literal: new Map(), named: [], routes: new Map() };
}
