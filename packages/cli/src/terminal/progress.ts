/**
 * Long work told in phases. On a terminal the phase at hand lives at the bottom, with a spinner and
 * whatever it has to show, and is ticked off with its duration when it ends; elsewhere every
 * beginning, milestone and end is a plain line.
 */
import { duration } from "./figures.ts";
import { type Output, openScreen } from "./screen.ts";
import { plain, type Style } from "./style.ts";
import { padEnd, truncate, widthOf } from "./text.ts";

export interface View {
  readonly columns: number;
  readonly style: Style;
}

export interface Phase {
  /** What stands beside the title now. Shown where the display is alive, not kept. */
  detail(text: string): void;
  /** What is drawn beneath the title; called for every frame. */
  body(draw: (view: View) => readonly string[]): void;
  /** What of it stays on the terminal beneath the phase that has ended. */
  keeps(draw: (view: View) => readonly string[]): void;
  /** Worth a line of its own where nothing is alive. */
  milestone(text: string): void;
  done(detail: string): void;
  failed(detail: string): void;
}

export interface Progress {
  /** The phase before must have ended. */
  begin(title: string): Phase;
  /** Ends the phase at hand, if there is one, as one that did not succeed. */
  abandon(why?: string): void;
  /** Lines that stay, above the phase at hand. */
  print(lines: readonly string[]): void;
  /** Leaves the terminal as it was found; a phase at hand is left open. */
  close(): void;
  readonly view: View;
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;
const titleWidth = 12;
const durationWidth = 12;
/** A tick's line is no wider than reads well. */
const widest = 100;

export function liveProgress(output: Output, style: Style): Progress {
  const screen = openScreen(output);
  let current: (() => readonly string[]) | undefined;
  let atHand: Phase | undefined;
  let timer: NodeJS.Timeout | undefined;
  let frames = 0;
  const view = (): View => ({ columns: Math.min(widest, screen.columns - 1), style });
  const redraw = () => {
    if (current) screen.draw(current());
  };

  return {
    begin(title) {
      const started = performance.now();
      let beside = "";
      let beneath: ((view: View) => readonly string[]) | undefined;
      let kept: ((view: View) => readonly string[]) | undefined;
      const phaseLine = (mark: string, text: string) =>
        phaseText(mark, title, text, performance.now() - started, view());
      current = () => {
        const turn = style.cyan(spinner[frames % spinner.length] ?? "");
        const drawn = beneath?.(view()) ?? [];
        const room = view().columns - titleWidth - durationWidth - 5;
        const line = phaseLine(turn, style.dim(truncate(beside, room)));
        return [line, ...indented(drawn)];
      };
      timer ??= setInterval(() => {
        frames++;
        redraw();
      }, frameMs);
      redraw();
      const end = (mark: string, text: string) => {
        const last = phaseLine(mark, text);
        current = undefined;
        atHand = undefined;
        clearInterval(timer);
        timer = undefined;
        screen.draw([]);
        screen.print([last, ...indented(kept?.(view()) ?? [])]);
      };
      atHand = {
        detail: (text) => {
          beside = text;
        },
        body: (draw) => {
          beneath = draw;
        },
        keeps: (draw) => {
          kept = draw;
        },
        milestone: () => {},
        done: (text) => end(style.green("✓"), text),
        failed: (text) => end(style.red("✗"), text || "failed"),
      };
      return atHand;
    },
    abandon: (why = "") => atHand?.failed(why),
    print: (lines) => screen.print(lines),
    close() {
      clearInterval(timer);
      timer = undefined;
      current = undefined;
      screen.close();
    },
    get view() {
      return view();
    },
  };
}

export function plainProgress(output: Output, style: Style = plain): Progress {
  const write = (text: string) => output.write(`${text}\n`);
  let atHand: Phase | undefined;
  return {
    begin(title) {
      const started = performance.now();
      let said = "";
      const say = (text: string) => {
        said = text;
        write(`${padEnd(title, titleWidth)}  ${text}`);
      };
      const end = (text: string) => {
        atHand = undefined;
        const news = text === said ? "" : text;
        say(`${news || "done"} (${duration(performance.now() - started)})`);
      };
      atHand = {
        detail: () => {},
        body: () => {},
        keeps: () => {},
        milestone: say,
        done: end,
        failed: (text) => end(text ? `failed: ${text}` : "failed"),
      };
      return atHand;
    },
    abandon: (why = "") => atHand?.failed(why),
    print: (lines) => {
      for (const text of lines) write(text);
    },
    close: () => {},
    view: { columns: 80, style },
  };
}

function indented(lines: readonly string[]): string[] {
  return lines.map((text) => (text === "" ? "" : ` ${text}`));
}

function phaseText(mark: string, title: string, text: string, ms: number, view: View): string {
  const { style, columns } = view;
  const left = ` ${mark} ${style.bold(padEnd(title, titleWidth))}  ${text}`;
  const right = style.dim(duration(ms));
  const gap = Math.max(2, columns - widthOf(left) - widthOf(right));
  return left + " ".repeat(gap) + right;
}
