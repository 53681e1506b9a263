/** `amaas graph COMMAND`: what can be done with the file of a model, without a suite. */
import type { Command } from "commander";
import { type Cli, examples } from "../../cli.ts";
import { check } from "./check.ts";
import { diff } from "./diff.ts";
import { gradient } from "./gradient.ts";
import { show } from "./show.ts";

export function graph(command: Command, cli: Cli): void {
  command
    .description("Looks at ONNX files, compares them, and derives gradients of them.")
    .addHelpText(
      "after",
      examples(
        "amaas graph show model.onnx",
        "amaas graph check model.onnx",
        "amaas graph diff before.onnx after.onnx",
        "amaas graph gradient model.onnx --loss loss -o gradient.onnx",
      ),
    );
  show(command.command("show").summary("print a graph"), cli);
  check(command.command("check").summary("say whether a graph is well formed"), cli);
  diff(command.command("diff").summary("compare two graphs"), cli);
  gradient(command.command("gradient").summary("derive the gradients of a loss"), cli);
}
