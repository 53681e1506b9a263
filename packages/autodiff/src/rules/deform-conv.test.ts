import fc from "fast-check";
import { array, type Case } from "../oracle.fixture.ts";
import { deformations } from "./deform-conv.ts";
import { arrays, judge } from "./judge.fixture.ts";

const small = fc.integer({ min: 1, max: 2 });

/** One spatial axis whose window fits. */
const axis = fc
  .record({
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: small,
    dilation: small,
    pads: fc.tuple(fc.nat(1), fc.nat(1)),
    more: fc.nat(1),
  })
  .map(({ more, ...rest }) => {
    const extent = (rest.kernel - 1) * rest.dilation + 1;
    const input = Math.max(1, extent - rest.pads[0] - rest.pads[1] + more);
    const around = input + rest.pads[0] + rest.pads[1];
    return { ...rest, input, output: Math.floor((around - extent) / rest.stride) + 1 };
  });

/** How far a point is moved: not onto an element, where the slope has a step. */
const move = fc
  .tuple(fc.integer({ min: -3, max: 2 }), fc.constantFrom(0.1, 0.2, 0.35, 0.6, 0.8, 0.9))
  .map(([whole, share]) => whole + share);

const layouts = fc.record({
  axes: fc.tuple(axis, axis),
  batch: small,
  group: small,
  offset_group: small,
  inward: small,
  outward: small,
  optional: fc.constantFrom("none", "bias", "mask", "both"),
});

const cases = layouts.chain((layout): fc.Arbitrary<Case> => {
  const { axes, batch, group, offset_group, inward, outward, optional } = layout;
  const channels = group * offset_group * inward;
  const kernel = axes.map((each) => each.kernel);
  const windows = axes.map((each) => each.output);
  const points = offset_group * kernel[0]! * kernel[1]!;
  const offset = [batch, 2 * points, ...windows];
  const count = offset.reduce((product, n) => product * n, 1);
  const [biased, masked] = [
    optional !== "none" && optional !== "mask",
    optional !== "none" && optional !== "bias",
  ];
  const attributes = {
    group,
    offset_group,
    strides: axes.map(({ stride }) => stride),
    dilations: axes.map(({ dilation }) => dilation),
    pads: [...axes.map(({ pads }) => pads[0]), ...axes.map(({ pads }) => pads[1])],
  };
  return fc
    .tuple(
      arrays([batch, channels, ...axes.map(({ input }) => input)]),
      arrays([group * outward, channels / group, ...kernel]),
      fc.array(move, { minLength: count, maxLength: count }).map((moves) => array(offset, moves)),
      arrays([group * outward]),
      arrays([batch, points, ...windows]),
    )
    .map(([x, w, moves, bias, mask]) => ({
      build: (g, [x, w, offset, ...rest]) =>
        g.node(
          "DeformConv",
          [x, w, offset, biased ? rest[0] : undefined, masked ? rest.at(-1) : undefined],
          attributes,
        ),
      inputs: [x, w, moves, ...(biased ? [bias] : []), ...(masked ? [mask] : [])],
      // Where the points of the kernel lie is written into the gradient.
      known: (input, axis) => input === 1 && axis > 1,
    }));
});

judge(deformations, { DeformConv: cases }, { runs: { differences: 25 } });
