import { mlDomain } from "../index.ts";
import { a, compareKernels, f32, i64, whole, words } from "./kernels.fixture.ts";
import { ml } from "./ml.ts";

compareKernels(ml, [
  {
    op: "LabelEncoder",
    domain: mlDomain,
    inputs: [words],
    attributes: { keys_strings: ["ü", "a", "ü"], values_int64s: [5, 6, 7], default_int64: 0 },
  },
  {
    op: "LabelEncoder",
    domain: mlDomain,
    inputs: [words],
    attributes: { keys_strings: ["", "a"], values_floats: [0.5, -2] },
  },
  {
    op: "LabelEncoder",
    domain: mlDomain,
    inputs: [i64([2, 2], [7, 1, 0, 7])],
    attributes: { keys_int64s: [7, 1], values_strings: ["x", "ß"] },
  },
  {
    op: "Imputer",
    domain: mlDomain,
    inputs: [f32([2, 2], [1, Number.NaN, Number.NaN, 4])],
    attributes: { imputed_value_floats: [5, 6], replaced_value_float: Number.NaN },
  },
  {
    op: "Imputer",
    domain: mlDomain,
    inputs: [i64([2, 2], [1, -1, -1, 4])],
    attributes: { imputed_value_int64s: [9], replaced_value_int64: -1 },
  },
  {
    op: "Scaler",
    domain: mlDomain,
    inputs: [a],
    attributes: { offset: [1, 2, 3], scale: [0.5, 1, 2] },
  },
  { op: "Scaler", domain: mlDomain, inputs: [whole], attributes: { offset: [1], scale: [2] } },
  {
    op: "OneHotEncoder",
    domain: mlDomain,
    inputs: [words],
    attributes: { cats_strings: ["ü", "a"] },
  },
  {
    op: "OneHotEncoder",
    domain: mlDomain,
    inputs: [i64([2, 1], [3, 4])],
    attributes: { cats_int64s: [4, 3, 9] },
  },
]);
