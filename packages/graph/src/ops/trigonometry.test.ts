import { compareKernels, each, f32 } from "./kernels.fixture.ts";
import { trigonometry } from "./trigonometry.ts";

const inside = f32([2, 3], [-0.99, -0.5, 0, 0.25, 0.75, 0.999]);
const above = f32([4], [1, 1.25, 3, 20]);
const wide = f32([2, 3], [-4, -1.25, 0, 0.5, 2, 3.5]);

compareKernels(trigonometry, [
  ...each(["Asin", "Acos", "Atanh"], inside),
  ...each(["Acosh"], above),
  ...each(["Sin", "Cos", "Tan", "Atan", "Sinh", "Cosh", "Asinh"], wide),
]);
