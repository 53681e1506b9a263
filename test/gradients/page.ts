/** The page README.md of this folder: which operators have gradients, and how near those of whole models are. */
import { type GradientForm, gradientForm } from "@amaas/autodiff";
import { operators } from "@amaas/graph";
import { markdownTable } from "../markdown-table.ts";
import type { Measurement } from "./measure.ts";
import { type ModelCase, makers } from "./model-case.ts";
import { cases } from "./operator-case.ts";
import { tolerances } from "./tolerances.ts";

export interface Measured {
  readonly model: ModelCase;
  readonly found: Measurement;
}

const forms: Readonly<Record<GradientForm, string>> = {
  rule: "By a rule of their own; comparisons, rounding and what draws numbers have a slope of 0",
  "spelled out": "Spelled out in others before the gradient is taken, where a rule is not better",
  bodies: "By way of the graphs that they hold",
};

export function page(measured: readonly Measured[]): string {
  const names = Object.keys(operators).sort();
  const sections = Object.entries(forms).map(([form, what]) => {
    const own = names.filter((name) => gradientForm("", name) === form);
    return `${what} (${own.length}): ${own.join(", ")}.`;
  });
  const told = new Set(cases.map(({ op }) => op)).size;
  return `# Gradients against other frameworks

Written by \`node test/gradients/write-page.ts\`; a test wants all of it to be current but the errors, which differ from machine
to machine and are held to their limits by \`models.test.ts\`.

## Operators

${names.length} operators of ai.onnx have a gradient.

${sections.join("\n\n")}

\`operators.test.ts\` holds ${cases.length} cases of ${told} of them against PyTorch's outputs and gradients, by the reference interpreter in
float64 to 1e-8 and on onnxruntime in float32 to 1e-5 of the largest element. \`python/operators.py\` makes the cases.

## Whole models

Exported as their users export them, with the loss added as somebody would who was given the file alone (or, where the model
makes it, from inside), and the gradient of every parameter on onnxruntime in float32. The error of a gradient is the
length of its difference by its own length, as sixteen random projections see it, or by a thousandth of the length of all of
them where its own is less; the table has the worst of each model. Made with ${makers.join("; ")}.

${table(measured)}

The weights are no part of the files: they are generated alike in Python and here. Numbers at which rounding alone decides on a
gradient (a Relu of nearly 0) are passed over when the models are made.
`;
}

function table(measured: readonly Measured[]): string {
  const right = true;
  return markdownTable(
    [
      { name: "model" },
      { name: "sizes" },
      { name: "opset", right },
      { name: "nodes", right },
      { name: "with gradients", right },
      { name: "parameters", right },
      { name: "against float32", right },
      { name: "against float64", right },
      { name: "at most", right },
    ],
    measured.map(({ model, found }) => {
      const limits = tolerances[model.key] ?? tolerances.any!;
      return [
        `${model.name}, ${model.exporter}, ${model.mode}`,
        model.shapes,
        String(model.opset),
        String(found.forwardNodes),
        String(found.nodes),
        String(found.parameters),
        found.float32.gradient.toExponential(1),
        found.float64.gradient.toExponential(1),
        limits.float32.toExponential(0),
      ];
    }),
  );
}

/** The page without what differs from machine to machine. */
export function lasting(text: string): string {
  return text.replaceAll(/ *\d\.\de[+-]\d+/g, "#");
}
