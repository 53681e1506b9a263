import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { einsum } from "./einsum.ts";
import { arrays, judge, size } from "./judge.fixture.ts";

const equations = [
  "ij->ji",
  "ij->",
  "ij->i",
  "i,j->ij",
  "ij,jk->ik",
  "ij,jk",
  "bij,bjk->bik",
  "bhtd,bhsd->bhts",
  "ij,j->i",
  "ij,ij->j",
  "ij,kl->j",
  "ii->i",
  "ii->",
  "iij,j->i",
  "iii->",
  "iji,j->ij",
  "ij,jk,kl->il",
  "i,i,i->",
  "...ij,...jk->...ik",
  "...i,i->...",
  "...->...",
  "a...,b...->ab...",
];

/** A size for each letter and for the hidden axes, of which an operand may have 1 where another has more. */
const sums = fc
  .record({
    equation: fc.constantFrom(...equations),
    sizes: fc.array(size, { minLength: 26, maxLength: 26 }),
    hidden: fc.constantFrom<readonly (readonly number[])[]>(
      [
        [2, 3],
        [1, 3],
      ],
      [
        [2, 1],
        [2, 3],
      ],
      [[3], [3]],
      [[], []],
    ),
  })
  .chain(({ equation, sizes, hidden }) => {
    const terms = equation.split("->")[0]!.split(",");
    const shapes = terms.map((term, index) => {
      const [before, after] = term.split("...").map((part) => sizesOf(part, sizes));
      return after ? [...before!, ...hidden[index]!, ...after] : before!;
    });
    return fc.tuple(...shapes.map((shape) => arrays(shape))).map(
      (inputs): Case => ({
        build: (g, x) => g.node("Einsum", x, { equation }),
        inputs,
      }),
    );
  });

function sizesOf(letters: string, sizes: readonly number[]): number[] {
  return [...letters].map((letter) => sizes[letter.charCodeAt(0) - 97]!);
}

judge(einsum, { Einsum: sums }, { runs: { differences: 60 } });
