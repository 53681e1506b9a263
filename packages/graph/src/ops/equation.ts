/** What an Einsum equation means: one letter for each axis of each operand, an ellipsis spelled out in letters of its own. */
import { misfit } from "../misfit.ts";

export interface Equation {
  /** The letters of each operand's axes. */
  readonly terms: readonly string[];
  readonly output: string;
}

const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const term = /^([A-Za-z]*)(\.\.\.)?([A-Za-z]*)$/;

/** An equation for operands of known rank; refuses one that does not fit them. */
export function explicitEquation(equation: string, ranks: readonly number[]): Equation {
  const [left, right, ...more] = equation.replaceAll(" ", "").split("->");
  if (left === undefined || more.length > 0) misfit(`"${equation}" has more than one arrow`);
  const given = left.split(",");
  if (given.length !== ranks.length)
    misfit(`"${equation}" has ${given.length} terms for ${ranks.length} operands`);
  for (const part of right === undefined ? given : [...given, right])
    if (!term.test(part)) misfit(`"${part}" in "${equation}" is no row of letters`);
  const hidden = given.map((part, index) => hiddenAxes(part, ranks[index]!, equation));
  const most = Math.max(0, ...hidden);
  const free = letters.filter((letter) => !equation.includes(letter));
  if (free.length < most) misfit(`"${equation}" leaves no letters for its ellipsis`);
  const fresh = free.slice(0, most).join("");
  // An ellipsis that stands for fewer axes stands for the last of them, as in broadcasting.
  const terms = given.map((part, index) => part.replace("...", fresh.slice(most - hidden[index]!)));
  const output = right === undefined ? implicitOutput(left, fresh) : right.replace("...", fresh);
  for (const [index, letter] of [...output].entries())
    if (output.indexOf(letter) !== index || !terms.some((part) => part.includes(letter)))
      misfit(`the output of "${equation}" has the letter ${letter} twice, or no operand has it`);
  return { terms, output };
}

/** How many axes an operand's ellipsis stands for. */
function hiddenAxes(part: string, rank: number, equation: string): number {
  const named = part.replace("...", "").length;
  const hidden = rank - named;
  if (hidden < 0 || (hidden > 0 && !part.includes("...")))
    misfit(`"${part}" in "${equation}" names ${named} axes of an operand that has ${rank}`);
  return hidden;
}

/** Without an arrow: the ellipsis, then the letters that stand only once, in the order of the alphabet. */
function implicitOutput(left: string, fresh: string): string {
  const named = [...left].filter((letter) => letters.includes(letter));
  const single = named.filter((letter) => named.indexOf(letter) === named.lastIndexOf(letter));
  return fresh + single.sort().join("");
}
