import { alongAxis, judge } from "./judge.fixture.ts";
import { softmax } from "./softmax.ts";

judge(softmax, {
  Softmax: alongAxis((g, x, axis) => g.softmax(x, axis)),
  LogSoftmax: alongAxis((g, x, axis) => g.logSoftmax(x, axis)),
  Hardmax: (g, x) => g.node("Hardmax", [x]),
});
