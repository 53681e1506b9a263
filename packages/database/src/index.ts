export {
  type ExpressionBuilder,
  type Generated,
  type Insertable,
  type Kysely,
  type Selectable,
  sql,
  type Transaction,
  type Updateable,
} from "kysely";
export { type Database, type DatabaseOptions, openDatabase } from "./database.ts";
export type { DatabaseKind, Migration } from "./migrate.ts";
export { appendEvent, type OutboxEvent, outboxMigration } from "./outbox.ts";
export { type Outbox, type OutboxOptions, startOutbox } from "./outbox-publisher.ts";
