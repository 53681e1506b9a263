/**
 * Where Node keeps compiled code between runs. Inside the installation, as nobody else can write there:
 * what lies in it is executed.
 */
import { fileURLToPath } from "node:url";

export const compileCache = fileURLToPath(
  new URL("../../../node_modules/.cache/amaas", import.meta.url),
);
