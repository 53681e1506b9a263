/** The rules of the verdict, in the order in which people read them: a new one is a function and a line here. */
import type { Facts, Finding, Rule } from "./finding.ts";
import { falling, overfitting, rising, settled, underfitting } from "./fit.ts";
import {
  baseline,
  calibration,
  chance,
  fewTestRows,
  neverPredicted,
  testDiffers,
  weakSlice,
} from "./worth.ts";

export type RuleName =
  | "baseline"
  | "chance"
  | "underfitting"
  | "overfitting"
  | "rising"
  | "falling"
  | "settled"
  | "neverPredicted"
  | "calibration"
  | "weakSlice"
  | "testDiffers"
  | "fewTestRows";

export const rules: { readonly [R in RuleName]: Rule } = {
  baseline,
  chance,
  underfitting,
  overfitting,
  rising,
  falling,
  settled,
  neverPredicted,
  calibration,
  weakSlice,
  testDiffers,
  fewTestRows,
};

export function verdictOf(facts: Facts): Finding[] {
  return Object.entries(rules).flatMap(([rule, judge]) => {
    const said = judge(facts);
    return said ? [{ rule, ...said }] : [];
  });
}
