/** Operators that mean something else, or say it otherwise, than in the version that is used here. */
import { tensor } from "@amaas/tensor";
import type { Node } from "../graph.ts";
import { misfit } from "../misfit.ts";
import {
  attributeOf,
  type Changes,
  nodeOf,
  type Surroundings,
  withAttributes,
  withoutAttributes,
} from "./change.ts";

export const upward: Changes = {
  BatchNormalization: { since: 14, change: batchNormalization },
  RoiAlign: { since: 16, change: roiAlign },
  ReduceL1: { since: 18, change: axesToInput },
  ReduceL2: { since: 18, change: axesToInput },
  ReduceLogSum: { since: 18, change: axesToInput },
  ReduceLogSumExp: { since: 18, change: axesToInput },
  ReduceMax: { since: 18, change: axesToInput },
  ReduceMean: { since: 18, change: axesToInput },
  ReduceMin: { since: 18, change: axesToInput },
  ReduceProd: { since: 18, change: axesToInput },
  ReduceSumSquare: { since: 18, change: axesToInput },
  Resize: { since: 18, change: resize },
  Split: { since: 18, change: split },
  DFT: { since: 20, change: dft },
  GridSample: { since: 20, change: gridSample },
  GroupNormalization: { since: 21, change: groupNormalization },
};

/** Naming the statistics as outputs was what turned training on; two of them no longer exist. */
function batchNormalization(node: Node, around: Surroundings): Node {
  const [y = "", mean = "", variance = "", ...saved] = node.outputs;
  const lost = saved.find((name) => name !== "" && around.isUsed(name));
  if (lost)
    misfit(`its output "${lost}", a saved statistic, is no output any more; export it at opset 14`);
  if (node.outputs.slice(1).every((name) => name === "")) return { ...node, outputs: [y] };
  const outputs = [y, mean, variance];
  return withAttributes({ ...node, outputs }, { training_mode: { kind: "int", value: 1 } });
}

/** Half a pixel used to be added where it is now taken away, unless the attribute says so. */
function roiAlign(node: Node): Node {
  const mode = { kind: "string", value: "output_half_pixel" } as const;
  return withAttributes(node, { coordinate_transformation_mode: mode });
}

/** Axes were an attribute; none at all meant, and means, every axis. */
function axesToInput(node: Node, around: Surroundings): Node {
  const axes = attributeOf(node, "axes", "ints");
  if (!axes) return node;
  if (node.inputs.length > 1) misfit("its axes are given twice, as an attribute and as an input");
  const plain = withoutAttributes(node, "axes");
  if (axes.length === 0) return plain;
  return { ...plain, inputs: [...node.inputs, around.constant(`${node.name}/axes`, ints(axes))] };
}

/** What is left out was also written as an empty tensor. */
function resize(node: Node, around: Surroundings): Node {
  const isEmpty = (name: string) => around.initializer(name)?.shape.includes(0) ?? false;
  return {
    ...node,
    inputs: node.inputs.map((name, index) => (index > 0 && isEmpty(name) ? "" : name)),
  };
}

/** Without sizes, the number of equal parts was that of the outputs. */
function split(node: Node): Node {
  const parts = { kind: "int", value: node.outputs.length } as const;
  return node.inputs[1] ? node : withAttributes(node, { num_outputs: parts });
}

/** The axis was an attribute, the second one unless it was given. */
function dft(node: Node, around: Surroundings): Node {
  const axis = attributeOf(node, "axis", "int") ?? 1;
  const [x = "", length = ""] = node.inputs;
  const scalar = tensor("INT64", [], BigInt64Array.of(BigInt(axis)));
  const inputs = [x, length, around.constant(`${node.name}/axis`, scalar)];
  return { ...withoutAttributes(node, "axis"), inputs };
}

function gridSample(node: Node): Node {
  const renamed = new Map([
    ["bilinear", "linear"],
    ["bicubic", "cubic"],
  ]);
  const mode = attributeOf(node, "mode", "string") ?? "bilinear";
  return withAttributes(node, { mode: { kind: "string", value: renamed.get(mode) ?? mode } });
}

/** Scale and bias were given for each group; each channel of a group now has its own. */
function groupNormalization(node: Node, around: Surroundings): readonly Node[] {
  const groups = attributeOf(node, "num_groups", "int") ?? misfit('it has no "num_groups"');
  const [x = "", scale = "", bias = ""] = node.inputs;
  const name = (what: string) => around.fresh(`${node.name}/${what}`);
  const constant = (what: string, values: readonly number[]) =>
    around.constant(`${node.name}/${what}`, ints(values));
  const count = constant("groups", [groups]);
  const column = constant("column", [groups, 1]);
  const flat = constant("flat", [-1]);
  const channels = nodeOf("Shape", [x], name("channels"), {
    start: { kind: "int", value: 1 },
    end: { kind: "int", value: 2 },
  });
  const each = nodeOf("Div", [channels.name, count], name("channels per group"));
  const shape = nodeOf("Concat", [count, each.name], name("channels by group"), {
    axis: { kind: "int", value: 0 },
  });
  const perChannel = (what: string, given: string) => {
    const asColumn = nodeOf("Reshape", [given, column], name(`${what} of groups`));
    const expanded = nodeOf("Expand", [asColumn.name, shape.name], name(`${what} by group`));
    return [asColumn, expanded, nodeOf("Reshape", [expanded.name, flat], name(what))];
  };
  const scales = perChannel("scale", scale);
  const biases = perChannel("bias", bias);
  const inputs = [x, scales.at(-1)!.name, biases.at(-1)!.name];
  return [channels, each, shape, ...scales, ...biases, { ...node, inputs }];
}

function ints(values: readonly number[]) {
  return tensor("INT64", [values.length], BigInt64Array.from(values, BigInt));
}
