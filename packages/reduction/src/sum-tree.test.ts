import fc from "fast-check";
import { expect, test } from "vitest";
import { cover, reduce, rootOf, SumTree, span } from "./index.ts";

/** Symbolic addition shows the shape of the sum, not just its value. */
const join = (left: string, right: string) => `(${left}+${right})`;
const name = async (leaf: number) => `${leaf}`;

test("the tree has one shape for a number of leaves", async () => {
  expect(await reduce(rootOf(1), 1, name, join)).toBe("0");
  expect(await reduce(rootOf(3), 3, name, join)).toBe("((0+1)+2)");
  expect(await reduce(rootOf(8), 8, name, join)).toBe("(((0+1)+(2+3))+((4+5)+(6+7)))");
});

test("a cover names the fewest nodes", () => {
  expect(cover([0, 1, 2, 3], 8)).toEqual([{ level: 2, index: 0 }]);
  expect(cover([2, 3, 4], 8)).toEqual([
    { level: 1, index: 1 },
    { level: 0, index: 4 },
  ]);
  expect(cover([2], 3)).toEqual([{ level: 0, index: 2 }]);
});

test("any division among workers, in any order, gives the same sum", async () => {
  const division = fc
    .integer({ min: 1, max: 40 })
    .chain((leaves) =>
      fc.tuple(
        fc.constant(leaves),
        fc.array(fc.nat(4), { minLength: leaves, maxLength: leaves }),
        fc.nat(),
      ),
    );
  await fc.assert(
    fc.asyncProperty(division, async ([leaves, owner, seed]) => {
      const whole = await reduce(rootOf(leaves), leaves, name, join);
      const tree = new SumTree<string>(leaves, join);
      const nodes = [0, 1, 2, 3, 4].flatMap((worker) =>
        cover(
          owner.flatMap((who, leaf) => (who === worker ? [leaf] : [])),
          leaves,
        ),
      );
      nodes.sort(
        (a, b) => ((a.index * 31 + a.level * 17 + seed) % 7) - ((b.index * 31 + seed) % 7),
      );
      for (const node of nodes) {
        expect(tree.check(node)).toBe("new");
        tree.add(node, await reduce(node, leaves, name, join));
        expect(tree.check(node)).toBe("duplicate");
      }
      expect(tree.complete).toBe(true);
      expect(tree.missing()).toEqual([]);
      expect(tree.root).toBe(whole);
    }),
  );
});

test("a node that is half in already takes the place of its parts", () => {
  const tree = new SumTree<number>(8, (a, b) => a + b);
  tree.add({ level: 0, index: 2 }, 1);
  expect(tree.check({ level: 1, index: 1 })).toBe("overlap");
  expect(tree.missing()).toEqual([0, 1, 3, 4, 5, 6, 7]);
  expect(tree.add({ level: 1, index: 1 }, 2)).toEqual([1]);
  expect(tree.missing()).toEqual([0, 1, 4, 5, 6, 7]);
  expect(span({ level: 2, index: 1 }, 6)).toEqual([4, 6]);
});

test("any nodes, however they overlap, give the same sum once they cover the leaves", async () => {
  const offers = fc
    .integer({ min: 1, max: 40 })
    .chain((leaves) =>
      fc.tuple(
        fc.constant(leaves),
        fc.array(fc.record({ level: fc.nat(rootOf(leaves).level), leaf: fc.nat(leaves - 1) })),
      ),
    );
  await fc.assert(
    fc.asyncProperty(offers, async ([leaves, some]) => {
      const whole = await reduce(rootOf(leaves), leaves, name, join);
      const tree = new SumTree<string>(leaves, join);
      const rest = Array.from({ length: leaves }, (_, leaf) => ({ level: 0, leaf }));
      for (const { level, leaf } of [...some, ...rest]) {
        const node = { level, index: leaf >> level };
        if (tree.check(node) === "duplicate") continue;
        tree.add(node, await reduce(node, leaves, name, join));
      }
      expect(tree.complete).toBe(true);
      expect(tree.root).toBe(whole);
    }),
  );
});
