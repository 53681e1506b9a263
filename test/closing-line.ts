/** Vitest reporter that closes a run with one line a script can read: `N passed, N failed`. */
import type { Reporter, SerializedError, TestModule } from "vitest/node";

export default class ClosingLine implements Reporter {
  #skipped: string[] = [];

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state] += 1;
        if (state === "skipped") this.#skipped.push(`${module.relativeModuleId}: ${test.fullName}`);
      }
      // A file that did not load has no tests to count, but it has failed.
      if (module.errors().length > 0) counts.failed += 1;
    }
    for (const name of this.#skipped) process.stdout.write(`SKIPPED ${name}\n`);
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    const line = `${counts.passed} passed, ${counts.failed + errors.length} failed${skipped}\n`;
    // After the default reporter's summary, which is printed on exit of the run.
    process.once("exit", () => process.stdout.write(line));
  }
}
