/** `amaas graph show FILE`: a graph to read, to draw, or as a document. */
import { DomainError } from "@amaas/errors";
import { type Graph, type Node, namesUsedBy, printDot, printNodes } from "@amaas/graph";
import { type Command, Option } from "commander";
import { type Cli, examples, wholeNumber } from "../../cli.ts";
import { UsageError } from "../../failure.ts";
import { describeGraph } from "../../graph/describe-graph.ts";
import { modelDocument } from "../../graph/documents.ts";
import { loadModel } from "../../graph/load-model.ts";
import { didYouMean } from "../../graph/similar.ts";
import { printable } from "../../terminal/text.ts";

interface Options {
  readonly dot?: true;
  readonly nodes?: number;
  readonly only?: string;
}

export function show(command: Command, cli: Cli): void {
  command
    .description(
      `Prints a graph: a line for each node, with types and shapes.

FILE is ONNX; - is stdin. Weights in files beside it are found there.`,
    )
    .argument("<file>", "the model")
    .addOption(new Option("--dot", "as Graphviz text, for a picture").conflicts(["nodes", "only"]))
    .addOption(
      new Option("--nodes <count>", "list at most so many nodes")
        .argParser(wholeNumber(0, 999_999_999))
        .conflicts("only"),
    )
    .option("--only <name>", "only the nodes that make or use this value, or have this name")
    .addHelpText(
      "after",
      examples(
        "amaas graph show model.onnx",
        "amaas graph show model.onnx --only logits",
        "amaas graph show model.onnx --dot | dot -Tsvg -o model.svg",
      ),
    )
    .action(
      cli.action(async (session, file: string, { dot, nodes, only }: Options) => {
        if (session.json && (dot || nodes !== undefined || only !== undefined))
          throw new UsageError(
            "--output json tells all of the graph; leave out --dot, --nodes, --only",
          );
        const loaded = await loadModel(session.shell, file);
        const { model } = loaded;
        if (session.json) return session.printJson(modelDocument(model));
        if (dot) return session.print(printDot(model.graph));
        if (only !== undefined) {
          const text = printNodes(model.graph, nodesAbout(model.graph, only));
          return session.print(...text.split("\n").map(printable));
        }
        const extent = nodes === undefined ? {} : { nodes };
        session.print(...describeGraph(loaded, session.style, session.width, extent));
      }),
    );
}

function nodesAbout(graph: Graph, name: string): readonly Node[] {
  const found = graph.nodes.filter(
    (node) => node.name === name || node.outputs.includes(name) || namesUsedBy(node).includes(name),
  );
  if (found.length > 0) return found;
  const names = graph.nodes.flatMap((node) => [node.name, ...node.inputs, ...node.outputs]);
  throw new DomainError(
    "not-found",
    `no node or value of the graph is called "${name}"${didYouMean(name, new Set(names))}`,
  );
}
