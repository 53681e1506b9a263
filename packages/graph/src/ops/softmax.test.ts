import { type Case, compareKernels, cube } from "./kernels.fixture.ts";
import { softmax } from "./softmax.ts";

compareKernels(softmax, [
  ...["Softmax", "LogSoftmax", "Hardmax"].flatMap((op): readonly Case[] => [
    { op, inputs: [cube] },
    { op, inputs: [cube], attributes: { axis: 1 } },
  ]),
]);
