/** One way of moving the messages between this process and another. */
import type { Direction } from "./sizes.ts";

export interface Runner {
  /** Moves the messages; resolves when all have come where they should. */
  run(direction: Direction): Promise<void>;
  /** What has to be done before the next run and is not measured. */
  settle(direction: Direction): Promise<void>;
  close(): Promise<void>;
}
