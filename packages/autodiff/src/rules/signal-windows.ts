/** Gradient rules for windows of signals: they follow from their size alone, which varies by steps. */
import type { Rules } from "../rule.ts";
import { zero1 } from "./zero.ts";

export const signalWindows = {
  HannWindow: zero1,
  HammingWindow: zero1,
  BlackmanWindow: zero1,
} satisfies Rules<"HannWindow" | "HammingWindow" | "BlackmanWindow">;
