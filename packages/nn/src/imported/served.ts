/**
 * A language model as this suite serves it, found in a file: where ids go in and scores come out of the network inside,
 * and the tokens that its ids stand for, where it is one of text.
 */
import { type Graph, mlDomain } from "@amaas/graph";
import { makersIn } from "./part.ts";

/** Those of padding and of all other tokens. */
const ownIds = 2;

export interface ServedLanguageModel {
  readonly output: string;
  /** Where it takes tokens as texts. */
  readonly text?: {
    readonly input: string;
    /** In the order of their ids, without those of padding and of all other tokens. */
    readonly tokens: readonly string[];
  };
}

/** Undefined where the file is none. */
export function servedLanguageModel(graph: Graph): ServedLanguageModel | undefined {
  const makers = makersIn(graph);
  if (!makers.has("label") || !makers.has("probabilities")) return undefined;
  const last = graph.nodes.find(({ op, attributes }) => {
    const dims = attributes.batch_dims;
    return op === "GatherND" && dims?.kind === "int" && dims.value === 1;
  });
  const output = last?.inputs[0];
  if (output === undefined || !makers.has(output)) return undefined;
  const text = textOf(graph);
  return { output, ...(text && { text }) };
}

/** Ids come out of a table of tokens, and the likeliest goes into one. */
function textOf(graph: Graph): ServedLanguageModel["text"] {
  const given = graph.inputs.find(({ type }) => type === "BYTES")?.name;
  const encoder = graph.nodes.find(
    ({ op, domain, inputs: [first] }) =>
      op === "LabelEncoder" && domain === mlDomain && first === given,
  );
  const input = encoder?.outputs[0];
  const named = makersIn(graph).get("label")?.inputs[0] ?? "";
  const tokens = graph.initializers.get(named);
  if (input === undefined || tokens?.type !== "BYTES") return undefined;
  return { input, tokens: Array.from(tokens.data, String).slice(ownIds) };
}
