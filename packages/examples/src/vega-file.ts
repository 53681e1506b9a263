/** Where a file of the npm package `vega-datasets` lies: the package exports its code alone, its data is beside that. */
export function vegaFile(name: string): URL {
  return new URL(`../data/${name}`, import.meta.resolve("vega-datasets"));
}
