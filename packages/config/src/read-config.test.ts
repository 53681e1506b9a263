import { expect, expectTypeOf, test } from "vitest";
import { ConfigError, flag, integer, optional, readConfig, text, url } from "./index.ts";

const table = {
  port: integer("AMAAS_PORT", { default: 7101, min: 0, max: 65_535, describe: "gRPC port" }),
  level: text("AMAAS_LOG_LEVEL", {
    default: "info",
    choices: ["debug", "info"],
    describe: "least level that is logged",
  }),
  database: url("AMAAS_DATABASE_URL", {
    protocols: ["sqlite:", "postgres:"],
    describe: "where rows are kept",
  }),
  verbose: flag("AMAAS_VERBOSE", { default: false, describe: "say more" }),
  nats: optional(url("AMAAS_NATS_URL", { protocols: ["nats:"], describe: "event bus" })),
};

test("variables become typed values, defaults fill in, the rest is ignored", () => {
  const config = readConfig(table, {
    AMAAS_PORT: "0",
    AMAAS_DATABASE_URL: "sqlite:/tmp/a.db",
    AMAAS_VERBOSE: "TRUE",
    AMAAS_LOG_LEVEL: "",
    AMAAS_OF_ANOTHER: "x",
  });
  expect(config).toEqual({
    port: 0,
    level: "info",
    database: "sqlite:/tmp/a.db",
    verbose: true,
    nats: undefined,
  });
  expect(Object.isFrozen(config)).toBe(true);
  expectTypeOf(config.port).toEqualTypeOf<number>();
  expectTypeOf(config.nats).toEqualTypeOf<string | undefined>();
});

test("every fault is named in one message, without the secrets of a URL", () => {
  const env = {
    AMAAS_PORT: "70000",
    AMAAS_LOG_LEVEL: "loud",
    AMAAS_VERBOSE: "maybe",
    AMAAS_NATS_URL: "http://user:secret@host",
  };
  const error = catchError(() => readConfig(table, env));
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toMatchInlineSnapshot(`
    "ConfigError: the environment is faulty:
      AMAAS_PORT: found "70000", wanted a whole number from 0 to 65535 (gRPC port)
      AMAAS_LOG_LEVEL: found "loud", wanted one of debug, info (least level that is logged)
      AMAAS_DATABASE_URL: is not set (where rows are kept)
      AMAAS_VERBOSE: found "maybe", wanted true or false (say more)
      AMAAS_NATS_URL: found http:, wanted a URL that begins with nats: (event bus)"
  `);
  expect((error as ConfigError).violations).toHaveLength(5);
});

test.each(["1.5", "x", "1e3", "", " ", "99999999999999999999"])(
  "%j is no whole number",
  (found) => {
    const run = () => readConfig({ n: integer("N", { describe: "a number" }) }, { N: found });
    expect(run).toThrow("N: ");
  },
);

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
