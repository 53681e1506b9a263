/** The embedding of each row, of length 1: the product of two is their cosine. */
import { normalized } from "../losses/contrastive.ts";
import type { Answers } from "./answer.ts";

export const embedding: Answers = {
  names: ["embedding"],
  give: (g, { outputs }) => ({ embedding: normalized(g, outputs) }),
};
