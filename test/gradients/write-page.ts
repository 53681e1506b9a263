/** Writes README.md of this folder from what the gradients of whole models are now. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { measure } from "./measure.ts";
import { models } from "./model-case.ts";
import { type Measured, page } from "./page.ts";

const measured: Measured[] = [];
for (const model of models) measured.push({ model, found: await measure(model) });
writeFileSync(join(import.meta.dirname, "README.md"), page(measured));
