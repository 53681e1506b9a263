/** Operators of ai.onnx.ml that prepare raw columns for a network. */

import type { DataType } from "@amaas/tensor";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, ndarray, numbersOf } from "../ndarray.ts";
import { fallback, operator, optional } from "../operator.ts";
import type { ValueType } from "../shape.ts";
import { wantNumeric } from "./type-classes.ts";

/** A list of one number per feature, or one for all. */
function perFeature(name: string, list: readonly number[], x: ValueType): void {
  const features = x.shape?.at(-1);
  if (list.length !== 1 && typeof features === "number" && list.length !== features)
    misfit(`${name} has ${list.length} entries for ${features} features`);
}

function featureOf(list: readonly number[], index: number): number {
  return list[list.length === 1 ? 0 : index % list.length]!;
}

interface Imputation {
  readonly imputed_value_floats: readonly number[] | undefined;
  readonly imputed_value_int64s: readonly number[] | undefined;
}

function imputedValues(x: Pick<ValueType, "type">, attributes: Imputation): readonly number[] {
  const float = x.type === "FP32" || x.type === "FP64";
  const values = float ? attributes.imputed_value_floats : attributes.imputed_value_int64s;
  return values ?? misfit(`there are no values to impute for ${x.type}`);
}

interface Categories {
  readonly cats_strings: readonly string[] | undefined;
  readonly cats_int64s: readonly number[] | undefined;
}

function categoriesFor(
  x: Pick<ValueType, "type">,
  { cats_strings, cats_int64s }: Categories,
): readonly (string | number)[] {
  const categories = x.type === "BYTES" ? cats_strings : cats_int64s;
  return categories ?? misfit(`there are no categories for ${x.type}`);
}

function encode(x: NDArray, categories: readonly (string | number)[], zeros: boolean): NDArray {
  const places = new Map(categories.map((category, place) => [category, place]));
  const width = categories.length;
  const found = Array.from(x.data, (element: number | string) => places.get(element));
  if (!zeros && found.includes(undefined)) misfit("an element is of no category");
  return generate("FP32", [...x.shape, width], (index) =>
    Number(found[Math.floor(index / width)] === index % width),
  );
}

interface Labels {
  readonly keys_strings: readonly string[] | undefined;
  readonly keys_int64s: readonly number[] | undefined;
  readonly values_strings: readonly string[] | undefined;
  readonly values_int64s: readonly number[] | undefined;
  readonly values_floats: readonly number[] | undefined;
  readonly default_string: string;
  readonly default_int64: number;
  readonly default_float: number;
}

/** What keys of the input's type become, and in which type. */
function labelling(type: DataType, labels: Labels) {
  const keys = type === "BYTES" ? labels.keys_strings : labels.keys_int64s;
  if (!keys || (type !== "BYTES" && type !== "INT64"))
    return misfit(`there are no keys for ${type}`);
  const { values_strings, values_int64s, values_floats } = labels;
  const values = values_strings ?? values_int64s ?? values_floats;
  if (keys.length !== values?.length)
    return misfit(`there are ${keys.length} keys and ${values?.length ?? 0} values`);
  const kind: DataType = values_strings ? "BYTES" : values_int64s ? "INT64" : "FP32";
  const other = values_strings
    ? labels.default_string
    : values_int64s
      ? labels.default_int64
      : labels.default_float;
  // Of a key that is there twice, the first counts.
  const places = new Map([...keys.entries()].reverse().map(([place, key]) => [key, place]));
  const of = (element: string | number) => values[places.get(element) ?? -1] ?? other;
  return { kind, of };
}

export const ml = {
  LabelEncoder: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {
      keys_strings: optional("strings"),
      keys_int64s: optional("ints"),
      values_strings: optional("strings"),
      values_int64s: optional("ints"),
      values_floats: optional("floats"),
      default_string: fallback("string", "_Unused"),
      default_int64: fallback("int", -1),
      default_float: fallback("float", 0),
    },
    infer: ({ x: [x], attributes }) => [
      { type: labelling(x.type, attributes).kind, shape: x.shape },
    ],
    evaluate({ x: [x], attributes }) {
      const { kind, of } = labelling(x.type, attributes);
      const found = Array.from(x.data, of);
      return [
        kind === "BYTES"
          ? ndarray(kind, x.shape, found.map(String))
          : ndarray(kind, x.shape, found.map(Number)),
      ];
    },
  }),

  Imputer: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {
      imputed_value_floats: optional("floats"),
      imputed_value_int64s: optional("ints"),
      replaced_value_float: fallback("float", 0),
      replaced_value_int64: fallback("int", 0),
    },
    infer({ x: [x], attributes }) {
      wantNumeric("X", x);
      perFeature("the list of imputed values", imputedValues(x, attributes), x);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate({ x: [x], attributes }) {
      const values = imputedValues(x, attributes);
      const float = x.type === "FP32" || x.type === "FP64";
      const replaced = float ? attributes.replaced_value_float : attributes.replaced_value_int64;
      const data = numbersOf(x);
      const missing = (value: number) =>
        Number.isNaN(replaced) ? Number.isNaN(value) : value === replaced;
      return [
        generate(x.type, x.shape, (i) => (missing(data[i]!) ? featureOf(values, i) : data[i]!)),
      ];
    },
  }),

  Scaler: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { offset: optional("floats"), scale: optional("floats") },
    infer({ x: [x], attributes: { offset, scale } }) {
      wantNumeric("X", x);
      if (offset) perFeature("offset", offset, x);
      if (scale) perFeature("scale", scale, x);
      return [{ type: "FP32", shape: x.shape }];
    },
    evaluate({ x: [x], attributes: { offset = [0], scale = [1] } }) {
      const data = numbersOf(x);
      return [
        generate("FP32", x.shape, (i) => (data[i]! - featureOf(offset, i)) * featureOf(scale, i)),
      ];
    },
  }),

  OneHotEncoder: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {
      cats_strings: optional("strings"),
      cats_int64s: optional("ints"),
      zeros: fallback("int", 1),
    },
    infer({ x: [x], attributes }) {
      const width = categoriesFor(x, attributes).length;
      return [{ type: "FP32", shape: x.shape && [...x.shape, width] }];
    },
    evaluate: ({ x: [x], attributes }) => [
      encode(x, categoriesFor(x, attributes), attributes.zeros !== 0),
    ],
  }),
};
