import { DomainError } from "@amaas/errors";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { TransactionConflict } from "./conflict.ts";
import { isUsableAfter, postgresFault } from "./postgres-faults.ts";
import { sqliteFault } from "./sqlite-faults.ts";

describe("SQLite", () => {
  const failed = (errcode: number) =>
    Object.assign(new Error("it failed"), { code: "ERR_SQLITE_ERROR", errcode });

  test.each([
    [5, "unavailable"],
    [13, "unavailable"],
    [10 | (3 << 8), "unavailable"], // a short write is an I/O error
    [11, "data-loss"],
    [26, "data-loss"],
    [2067, "already-exists"],
    [1555, "already-exists"],
    [787, "failed-precondition"], // foreign key
  ])("result code %d is %s", (errcode, code) => {
    const cause = failed(errcode);
    expect(sqliteFault(cause)).toMatchObject({ name: "DomainError", code, cause });
  });

  test("a faulty statement and all else passes on as it came", () => {
    for (const error of [failed(1), new TypeError("x"), "text", new DomainError("aborted", "x")]) {
      expect(sqliteFault(error)).toBe(error);
    }
  });
});

describe("PostgreSQL", () => {
  const failed = (code: string) =>
    Object.assign(new pg.DatabaseError("it failed", 1, "error"), { code });

  test.each([
    ["57P01", "unavailable", false], // an administrator's shutdown
    ["57014", "unavailable", true], // a statement's timeout
    ["53100", "unavailable", true], // disk full
    ["08006", "unavailable", false],
    ["23505", "already-exists", true],
    ["23503", "failed-precondition", true],
    ["22003", "invalid-argument", true],
    ["XX001", "data-loss", true],
  ])("state %s is %s", (state, code, usable) => {
    const cause = failed(state);
    expect(postgresFault(cause)).toMatchObject({ name: "DomainError", code, cause });
    expect(isUsableAfter(cause)).toBe(usable);
  });

  test.each(["40001", "40P01"])("state %s is a conflict", (state) => {
    expect(postgresFault(failed(state))).toBeInstanceOf(TransactionConflict);
  });

  test("what is not the server's word is a lost connection", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    for (const error of [refused, new Error("Query read timeout"), new AggregateError([refused])]) {
      expect(postgresFault(error)).toMatchObject({ code: "unavailable" });
      expect(isUsableAfter(error)).toBe(false);
    }
    expect(postgresFault(new AggregateError([refused]))).toMatchObject({
      message: "database: connect ECONNREFUSED",
    });
  });

  test("a faulty statement and a fault of ours pass on as they came", () => {
    for (const error of [failed("42601"), new TypeError("x"), new DomainError("aborted", "x")]) {
      expect(postgresFault(error)).toBe(error);
    }
  });
});
