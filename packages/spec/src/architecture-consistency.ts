/** Fields of an architecture that do not fit each other, in the form of `consistency.ts`. */
import type { Check } from "./consistency.ts";

export const architectureChecks: readonly Check[] = [
  {
    reads: ["architecture.heads", "architecture"],
    fault: ({ architecture }) =>
      "heads" in architecture && architecture.width % architecture.heads !== 0
        ? `found ${architecture.heads}, wanted a divisor of architecture.width, which is ${architecture.width}`
        : undefined,
  },
];
