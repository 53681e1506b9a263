/** Constants and attributes as text: numbers as short as their type allows, long lists cut. */
import type { Tensor } from "@amaas/tensor";
import type { Attribute } from "./graph.ts";
import { fromTensor } from "./ndarray.ts";
import { printType } from "./shape.ts";

/** Constants of up to this many elements are printed where they are used. */
const inlineElements = 4;
/** A decision tree's attributes have thousands. */
const longestList = 16;
/** Of text, which may be a whole document. */
const longestText = 256;
/** As many digits as tell every float32 from its neighbours. */
const digitsOfFloat32 = 9;

/** Whether a constant is printed where it is used. */
export function isSmall({ shape }: Tensor): boolean {
  return shape.length === 0 || (shape.length === 1 && shape[0]! <= inlineElements);
}

/** The elements of a small constant: `0.5`, `[1, 2]`. */
export function printElements(tensor: Tensor): string {
  const elements = elementTexts(tensor);
  return tensor.shape.length === 0 ? elements.join("") : `[${elements.join(", ")}]`;
}

function elementTexts(tensor: Tensor): string[] {
  const { type, data } = tensor;
  if (Array.isArray(data)) return data.map(quoted);
  if (data instanceof Float32Array) return Array.from(data, shortFloat);
  return Array.from<unknown, string>(type === "FP16" ? fromTensor(tensor).data : data, String);
}

/** The shortest decimal that is this float32: 0.1, not 0.10000000149011612. */
export function shortFloat(value: number): string {
  for (let count = 6; count < digitsOfFloat32; count++) {
    const short = Number(value.toPrecision(count));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

export function printAttribute(attribute: Attribute): string {
  switch (attribute.kind) {
    case "tensor":
      return isSmall(attribute.value)
        ? `${attribute.value.type} ${printElements(attribute.value)}`
        : printType(attribute.value);
    case "graph":
      return attribute.value.name;
    case "float":
      return shortFloat(attribute.value);
    case "int":
      return String(attribute.value);
    case "string":
      return quoted(attribute.value);
    case "floats":
      return list(attribute.value, shortFloat);
    case "ints":
      return list(attribute.value, String);
    case "strings":
      return list(attribute.value, quoted);
    default:
      return attribute satisfies never;
  }
}

function list<T>(values: readonly T[], print: (value: T) => string): string {
  const rest = values.length - longestList;
  const shown = values.slice(0, longestList).map(print);
  return `[${[...shown, ...(rest > 0 ? [`... ${rest} more`] : [])].join(",")}]`;
}

function quoted(text: string): string {
  const rest = text.length - longestText;
  const shown = JSON.stringify(text.slice(0, longestText));
  return rest > 0 ? `${shown}... ${rest} more` : shown;
}
