/** What a command that starts services shows of their logs: lines for people, or as they are. */
import { Option } from "commander";
import { renderLogLine } from "./log-line.ts";
import type { Session } from "./session.ts";
import type { Progress } from "./terminal/progress.ts";

export type LogFormat = "text" | "json";

export function logFormatOption(): Option {
  return new Option("--log-format <form>", "how the services' logs are shown")
    .choices(["text", "json"])
    .default("text");
}

/** Lines of JSON are for a program, which gets nothing else. */
export function openLogProgress(session: Session, format: LogFormat): Progress {
  return format === "json"
    ? session.openPlainProgress(session.shell.stderr)
    : session.openProgress();
}

export function showLine(
  session: Session,
  format: LogFormat,
  progress: Progress,
  process: string,
  line: string,
): void {
  if (format === "text")
    progress.print([renderLogLine(process, line, progress.view.style, session.width)]);
  else if (session.json) session.note(line);
  else session.print(line);
}
