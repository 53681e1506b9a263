export type { PlainAttribute, PlainAttributes } from "./attributes.ts";
export type { NodeOptions, Replace } from "./builder.ts";
export type { Limits } from "./census.ts";
export { checkGraph } from "./check.ts";
export type { ConnectOptions } from "./connect.ts";
export { connect, withInitializers, withOutputs } from "./connect.ts";
export type {
  Change,
  DiffOptions,
  GraphDiff,
  NodeDifference,
  NodeMark,
  SignatureDifference,
} from "./diff.ts";
export { diffGraphs, diffInitializers } from "./diff.ts";
export type { InitializerDifference, TensorMark } from "./diff-initializers.ts";
export { printDot } from "./dot.ts";
export { evaluate } from "./evaluate.ts";
export type { ExternalData } from "./external.ts";
export type {
  Attribute,
  AttributeKind,
  Attributes,
  AttributeValues,
  Dimension,
  Graph,
  Model,
  Node,
  Opsets,
  Shape,
  ValueInfo,
} from "./graph.ts";
export {
  contribDomain,
  defaultMlOpset,
  defaultOpset,
  describeNode,
  irVersion,
  mlDomain,
  modelOf,
} from "./graph.ts";
export { GraphBuilder, graphBuilder } from "./graph-builder.ts";
export type { Known } from "./infer.ts";
export { inferBodyTypes, inferTypes } from "./infer.ts";
export type { NDArray } from "./ndarray.ts";
export { fromTensor, ndarray, numbersOf, tensorOf, toTensor } from "./ndarray.ts";
export type { AttributeSpecs, AttributesOf, Operator, SlotNames, Slots } from "./operator.ts";
export { filledSlots, isVariadic, resolveAttributes } from "./operator.ts";
export { murmur } from "./ops/contrib.ts";
export { scanLayout } from "./ops/control.ts";
export { convAxes, transposeAxes } from "./ops/conv.ts";
export { deformAxes } from "./ops/deform-conv.ts";
export type { Equation } from "./ops/equation.ts";
export { explicitEquation } from "./ops/equation.ts";
export type { Op, Operators } from "./ops/index.ts";
export { findOperator, isOp, operators } from "./ops/index.ts";
export { averagedCounts, poolAxes } from "./ops/pool.ts";
export type { Activation } from "./ops/recurrent-activations.ts";
export { activationsOf } from "./ops/recurrent-activations.ts";
export { directionsOf } from "./ops/recurrent-layout.ts";
export type { ResizedAxis } from "./ops/resize.ts";
export { isBySizes, isKnownAxis, resizedAxes } from "./ops/resize.ts";
export type { ResizeModes, Sample } from "./ops/resize-weights.ts";
export { resizeSamples } from "./ops/resize-weights.ts";
export type { SampleModes } from "./ops/sample-taps.ts";
export { sampleModesOf } from "./ops/sample-taps.ts";
export type { Cut } from "./ops/slice.ts";
export { cutOf } from "./ops/slice.ts";
export { lowerCase } from "./ops/texts.ts";
export type { FloatType } from "./ops/type-classes.ts";
export { isFloat } from "./ops/type-classes.ts";
export type { StaticAxis, WindowAttributes, WindowAxis } from "./ops/windows.ts";
export { extentOf, isStaticAxis, windowAxes, windowTaps } from "./ops/windows.ts";
export type { PrintOptions } from "./print.ts";
export { printGraph, printNodes } from "./print.ts";
export { printAttribute, printElements } from "./print-value.ts";
export type { ReadOptions } from "./read.ts";
export { readModel } from "./read.ts";
export {
  isStatic,
  knownNumbers,
  printShape,
  printType,
  productOf,
  sameDimension,
  sizeOf,
} from "./shape.ts";
export { freeNames, namesUsedBy, subgraphsOf } from "./subgraph.ts";
export type { GraphSummary, OperatorCount, TensorTotals } from "./summary.ts";
export { bytesOf, summarize } from "./summary.ts";
export type { Subgraph, Value } from "./value.ts";
export type { WrittenModel } from "./write.ts";
export { writeModel, writeModelWithData } from "./write.ts";
export type { DataOptions } from "./write-data.ts";
