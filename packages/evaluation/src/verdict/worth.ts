/** Rules on what the model is worth: against something simpler, against chance, class by class. */
import { type Rule, shown, shownShare, shownSure, sure } from "./finding.ts";

/** Below so many test rows intervals are wide whatever the model. */
const fewRows = 100;
/** An error of the probabilities beyond this is worth a word. */
const uncalibrated = 0.05;
const mostNamed = 5;

/** The best of what is simpler is the one to beat. */
export const baseline: Rule = ({ baselines, judge, isError }) => {
  const best = baselines
    .flatMap((one) => {
      const gain = sure(one.gains[judge]);
      const value = one.metrics[judge];
      return gain && value !== undefined ? [{ name: one.name, gain, value }] : [];
    })
    .sort((a, b) => (isError ? a.value - b.value : b.value - a.value))[0];
  if (!best) return undefined;
  const { name, gain, value } = best;
  const by = `${shown(Math.abs(gain.value))} in ${judge} (${shown(gain.low)} to ${shown(gain.high)})`;
  if (gain.low > 0)
    return { tone: "good", sentence: `It beats the ${name}, which has ${shown(value)}, by ${by}.` };
  if (gain.high < 0)
    return {
      tone: "bad",
      sentence: `It is worse than the ${name}, which has ${shown(value)}, by ${by}.`,
    };
  const sentence = `It is not surely better than the ${name}, which has ${shown(value)} in ${judge}: the difference is ${shownSure(gain)}.`;
  return { tone: "bad", sentence };
};

/** The areas of scores that order nothing, and what knowing the mean explains. */
const chanceLevels: Readonly<Record<string, number>> = {
  rocAuc: 0.5,
  matthews: 0,
  r2: 0,
};

/** A metric whose level of chance is known does not leave it for certain. */
export const chance: Rule = ({ test }) => {
  const close = Object.entries(chanceLevels).flatMap(([metric, level]) => {
    const found = sure(test.metrics[metric]);
    return found && found.low <= level ? [{ metric, level, found }] : [];
  })[0];
  if (!close) return undefined;
  const { metric, level, found } = close;
  const sentence = `It may be no better than chance: ${metric} on test rows is ${shownSure(found)}, and guessing has ${shown(level)}.`;
  return { tone: "bad", sentence };
};

/** Classes that test rows have and no answer names. */
export const neverPredicted: Rule = ({ classes }) => {
  const never = classes.filter(({ rows, predicted }) => rows > 0 && predicted === 0);
  if (never.length === 0) return undefined;
  const named = never.slice(0, mostNamed).map(({ name, rows }) => `${name} (${counted(rows)})`);
  const rest = never.length > mostNamed ? ` and ${never.length - mostNamed} more` : "";
  return { tone: "bad", sentence: `It never answers ${named.join(", ")}${rest} on test rows.` };
};

/** How far probabilities are from what happens. */
export const calibration: Rule = ({ test, confidence }) => {
  const error = sure(test.metrics.calibrationError);
  const accuracy = test.metrics.accuracy?.value;
  if (!error || accuracy === undefined || confidence === undefined) return undefined;
  if (error.low <= uncalibrated) return undefined;
  const way = confidence > accuracy ? "too sure of itself" : "less sure than it could be";
  const sentence = `It is ${way}: its mean confidence is ${shownShare(confidence)} and it is right in ${shownShare(accuracy)} of the test rows; calibration error ${shownSure(error)}.`;
  return { tone: "note", sentence };
};

/** Test rows should be lost as validation rows are: both are rows that nobody learned from. */
export const testDiffers: Rule = ({ test, validation }) => {
  const [held, checked] = [sure(test.metrics.loss), sure(validation.metrics.loss)];
  if (!held || !checked) return undefined;
  if (held.low <= checked.high && checked.low <= held.high) return undefined;
  const sentence = `Test rows differ from validation rows: loss ${shownSure(held)} against ${shownSure(checked)}.`;
  return { tone: "note", sentence };
};

/** So few rows tell little. */
export const fewTestRows: Rule = ({ test, judge }) => {
  if (test.scored >= fewRows) return undefined;
  const found = sure(test.metrics[judge]);
  const where = found === undefined ? "" : `: ${judge} is ${shownSure(found)}`;
  const sentence = `There are only ${counted(test.scored)} to judge by${where}.`;
  return { tone: "note", sentence };
};

/** The slice that is furthest from the whole, where that is no chance. */
export const weakSlice: Rule = ({ slices, test, judge, isError }) => {
  const whole = test.metrics[judge]?.value;
  if (whole === undefined) return undefined;
  const weak = slices
    .flatMap(({ column, value, rows, small, metrics }) => {
      const found = sure(metrics[judge]);
      if (small || !found) return [];
      const isWorse = isError ? found.low > whole : found.high < whole;
      return isWorse ? [{ name: `${column} ${value}`, rows, found }] : [];
    })
    .sort((a, b) => Math.abs(b.found.value - whole) - Math.abs(a.found.value - whole))[0];
  if (!weak) return undefined;
  const sentence = `It is weakest where ${weak.name} (${counted(weak.rows)}): ${judge} ${shownSure(weak.found)} against ${shown(whole)} of all.`;
  return { tone: "bad", sentence };
};

function counted(rows: number): string {
  return rows === 1 ? "1 row" : `${rows} rows`;
}
