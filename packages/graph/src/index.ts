export type { PlainAttribute, PlainAttributes } from "./attributes.ts";
export type { NodeOptions, Replace } from "./builder.ts";
export type { Limits } from "./census.ts";
export { checkGraph } from "./check.ts";
export type { ConnectOptions } from "./connect.ts";
export { connect, withInitializers, withOutputs } from "./connect.ts";
export { evaluate } from "./evaluate.ts";
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
  defaultMlOpset,
  defaultOpset,
  describeNode,
  irVersion,
  mlDomain,
  modelOf,
} from "./graph.ts";
export { GraphBuilder, graphBuilder } from "./graph-builder.ts";
export type { Known } from "./infer.ts";
export { inferTypes } from "./infer.ts";
export type { NDArray } from "./ndarray.ts";
export { fromTensor, ndarray, numbersOf, tensorOf, toTensor } from "./ndarray.ts";
export type { AttributeSpecs, AttributesOf, Operator, SlotNames, Slots } from "./operator.ts";
export { filledSlots, isVariadic, resolveAttributes } from "./operator.ts";
export type { Op, Operators } from "./ops/index.ts";
export { findOperator, isOp, operators } from "./ops/index.ts";
export type { FloatType } from "./ops/type-classes.ts";
export { isFloat } from "./ops/type-classes.ts";
export { printGraph } from "./print.ts";
export { readModel } from "./read.ts";
export {
  isStatic,
  knownNumbers,
  printShape,
  printType,
  sameDimension,
  sizeOf,
} from "./shape.ts";
export { namesUsedBy } from "./subgraph.ts";
export type { Value } from "./value.ts";
export { writeModel } from "./write.ts";
