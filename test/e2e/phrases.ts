/** A text that is easily learnt. */
import { hashKey, uniform } from "@amaas/random";

/** Sentences that a grammar of a few words makes, always the same ones. */
export function phrases(count: number): string {
  const key = hashKey("phrases");
  const lists = [
    ["the", "a"],
    ["quick", "lazy", "old"],
    ["fox", "bird", "fish"],
    ["sleeps", "sings"],
    ["in the sun", "at night"],
  ];
  return Array.from({ length: count }, (_, sentence) =>
    lists
      .map((words, place) => words[Math.floor(uniform(key, sentence * 5 + place) * words.length)])
      .join(" "),
  ).join(". ");
}
