export type { Arrays, DataType, FixedType, TensorData } from "./data-type.ts";
export {
  arrayClass,
  bytesPerElement,
  isDataType,
  onnxTypeName,
  onnxTypeOf,
  typeOfOnnx,
} from "./data-type.ts";
export type { RawOptions } from "./raw.ts";
export { fromRaw, toRaw } from "./raw.ts";
export type { Tensor } from "./tensor.ts";
export { elementCount, tensor, zeros } from "./tensor.ts";
