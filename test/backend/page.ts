/** Writes README.md of this folder from what the node tests give now. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { page, runAll } from "./results.ts";

writeFileSync(join(import.meta.dirname, "README.md"), page(runAll()));
