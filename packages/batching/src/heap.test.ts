import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap, type Member } from "./heap.ts";

interface Numbered extends Member {
  key: number;
}

test("whatever joins, leaves and changes, the smallest is first", () => {
  const step = fc.record({
    does: fc.constantFrom("push", "remove", "move"),
    key: fc.integer({ min: 0, max: 50 }),
    pick: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new Heap<Numbered>((a, b) => a.key < b.key);
      const members: Numbered[] = [];
      for (const { does, key, pick } of steps) {
        const at = members.length === 0 ? 0 : pick % members.length;
        if (does === "push" || members.length === 0) {
          const member = { place: -1, key };
          members.push(member);
          heap.push(member);
        } else if (does === "remove") {
          const [member] = members.splice(at, 1);
          heap.remove(member!);
          heap.remove(member!);
        } else {
          members[at]!.key = key;
          heap.moved(members[at]!);
        }
        expect(heap.size).toBe(members.length);
        expect(heap.first?.key).toBe(
          members.length === 0 ? undefined : Math.min(...members.map((member) => member.key)),
        );
      }
      const order: number[] = [];
      for (let { first } = heap; first; { first } = heap) {
        order.push(first.key);
        heap.remove(first);
      }
      expect(order).toEqual(members.map(({ key }) => key).sort((a, b) => a - b));
    }),
  );
});
