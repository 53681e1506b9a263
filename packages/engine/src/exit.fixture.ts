/**
 * A program for the tests: starts a thread, does what its argument says, and says how it went on.
 */
import type { Calculator } from "./calculator.fixture.ts";
import { slow } from "./models.fixture.ts";
import { startThread } from "./thread.ts";

const thread = startThread<Calculator>(new URL("./calculator.fixture.ts", import.meta.url), {
  name: "calculator",
});
await thread.call("add", 1, 2);

switch (process.argv[2]) {
  case "idle":
    break;
  case "pending":
    void thread.call("wait", 300, "waited").then(console.log);
    break;
  case "exit-in-run":
    void thread.call("run", slow(200));
    void thread.call("run", slow(200));
    setTimeout(() => process.exit(3), 100);
}
