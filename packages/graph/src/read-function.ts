/**
 * What the nodes of a local function become where it is called: their names give way to those of the caller or to
 * new ones, and their references to attributes to what the call gives.
 */
import type { Attribute, Attributes, Node } from "./graph.ts";
import type { LocalFunction } from "./local-functions.ts";
import { misfit } from "./misfit.ts";
import { inner, type Scope } from "./read-scope.ts";

/** The scope of the function's nodes. */
export function enter(fn: LocalFunction, call: Node, defaults: Attributes, scope: Scope): Scope {
  if (scope.calls.includes(fn))
    misfit(`it calls itself: ${[...scope.calls, fn].map(({ name }) => name).join(" > ")}`);
  scope.source.budget.spend(fn.cost);
  return inner(scope, {
    opsets: fn.opsets,
    rename: renamer(namesOfCaller(fn, call), call.name, scope),
    bound: bind(fn, call, defaults),
    calls: [...scope.calls, fn],
  });
}

/** Inputs and outputs of the function by the names that the caller has for them. */
function namesOfCaller({ proto }: LocalFunction, call: Node): Map<string, string> {
  for (const [what, given, wanted] of [
    ["inputs", call.inputs, proto.input],
    ["outputs", call.outputs, proto.output],
  ] as const)
    if (given.length > wanted.length)
      misfit(`${given.length} ${what} are named, the function has ${wanted.length}`);
  const names = new Map<string, string>();
  for (const [index, name] of proto.output.entries()) {
    const output = call.outputs[index];
    if (output && !names.has(name)) names.set(name, output);
  }
  for (const [index, name] of proto.input.entries()) names.set(name, call.inputs[index] ?? "");
  return names;
}

/** What is made inside is called after the call. */
function renamer(names: Map<string, string>, call: string, { source }: Scope) {
  return (name: string): string => {
    if (name === "") return name;
    let renamed = names.get(name);
    if (renamed === undefined) {
      renamed = source.names.fresh(`${call}/${name}`);
      names.set(name, renamed);
    }
    return renamed;
  };
}

/** Attributes that neither the call nor a default gives are left out wherever the function refers to them. */
function bind(
  { proto }: LocalFunction,
  call: Node,
  defaults: Attributes,
): ReadonlyMap<string, Attribute> {
  const known = new Set([...proto.attribute, ...Object.keys(defaults)]);
  for (const name of Object.keys(call.attributes))
    if (!known.has(name)) misfit(`the function has no attribute "${name}"`);
  return new Map(Object.entries({ ...defaults, ...call.attributes }));
}

/** Outputs that no node inside makes: inputs of the function, and other outputs of it once more. */
export function passedThrough({ proto }: LocalFunction, call: Node, callee: Scope): Node[] {
  return proto.output.flatMap((name, index) => {
    const output = call.outputs[index];
    const made = callee.rename(name);
    if (!output || output === made) return [];
    if (made === "") misfit(`output "${name}" is an input that the call leaves out`);
    const [inputs, outputs] = [[made], [output]];
    return [{ op: "Identity", domain: "", name: output, inputs, outputs, attributes: {} }];
  });
}
