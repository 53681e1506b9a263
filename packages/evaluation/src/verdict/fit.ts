/** Rules on how the model fits: over, under, too short, too long. */
import { type Facts, type Rule, shown, shownShare, shownSure, sure } from "./finding.ts";

/** A change of the loss by less than this share of it is none. */
const noticeable = 0.02;
/** A validation loss this much above the training loss is a gap worth a word. */
const gapWorthAWord = 0.2;
/** Epochs at the end by which a trend is told. */
const trendEpochs = 3;

/** Validation rows are lost more than training rows, by more than chance. */
export const overfitting: Rule = ({ training, validation }) => {
  const seen = training.metrics.loss?.value;
  const unseen = sure(validation.metrics.loss);
  if (seen === undefined || unseen === undefined) return undefined;
  if (seen >= unseen.low || unseen.value - seen <= gapWorthAWord * Math.abs(seen)) {
    const sentence = `It does on rows it has not seen as on those it learned from: loss ${shownSure(unseen)} on validation rows, ${shown(seen)} on training rows.`;
    return { tone: "good", sentence };
  }
  const sentence = `It overfits: its loss is ${shownSure(unseen)} on validation rows and ${shown(seen)} on training rows, a gap beyond the interval.`;
  return { tone: "bad", sentence };
};

/** Even rows that it learned from it does no better than something simple does unseen ones. */
export const underfitting: Rule = ({ training, baselines }) => {
  const own = training.metrics.loss?.value;
  const [simplest] = baselines;
  const simple = simplest?.metrics.loss;
  if (own === undefined || simplest === undefined || simple === undefined) return undefined;
  if (own < simple - noticeable * Math.abs(simple)) return undefined;
  const sentence = `It underfits: its loss on training rows is ${shown(own)}, and the ${simplest.name} alone has ${shown(simple)} on test rows.`;
  return { tone: "bad", sentence };
};

interface Way {
  readonly best: number;
  /** Counted from 1. */
  readonly bestEpoch: number;
  readonly last: number;
  readonly epochs: number;
}

function wayOf({ epochs: { validation } }: Facts): Way | undefined {
  const last = validation.at(-1);
  if (last === undefined || validation.length <= trendEpochs) return undefined;
  const best = Math.min(...validation);
  return { best, bestEpoch: validation.indexOf(best) + 1, last, epochs: validation.length };
}

/** The validation loss has risen since its best epoch. */
export const rising: Rule = (facts) => {
  const way = wayOf(facts);
  const kept = facts.validation.metrics.loss?.value;
  if (!way || kept === undefined) return undefined;
  const { best, bestEpoch, last, epochs } = way;
  if (last - best <= noticeable * Math.abs(best)) return undefined;
  const rose = `The validation loss was lowest after epoch ${bestEpoch} of ${epochs}, ${shown(best)}, and rose to ${shown(last)}`;
  if (kept - best <= noticeable * Math.abs(best))
    return { tone: "note", sentence: `${rose}; the weights of then are kept.` };
  return { tone: "bad", sentence: `${rose}: early stopping would keep the better weights.` };
};

/** The validation loss fell with every one of the last epochs, by enough to see. */
export const falling: Rule = (facts) => {
  const { validation, training } = facts.epochs;
  if (!wayOf(facts)) return undefined;
  const end = validation.slice(-trendEpochs - 1);
  const [from = 0, to = 0] = [end[0], end.at(-1)];
  const falls = end.every((loss, at) => at === 0 || loss < (end[at - 1] ?? loss));
  if (!falls || from - to <= noticeable * Math.abs(from)) return undefined;
  const trained = training.slice(-trendEpochs - 1);
  const [before, after] = [trained[0], trained.at(-1)];
  const beside =
    before === undefined || after === undefined || trained.length < 2
      ? ""
      : `, the training loss from ${shown(before)} to ${shown(after)}`;
  const sentence = `The validation loss was still falling, from ${shown(from)} to ${shown(to)} over the last ${trendEpochs} epochs${beside}: more epochs would help.`;
  return { tone: "note", sentence };
};

/** Neither: where it is at the end is where it was. */
export const settled: Rule = (facts) => {
  const way = wayOf(facts);
  if (!way || rising(facts) || falling(facts)) return undefined;
  const end = facts.epochs.validation.slice(-trendEpochs - 1);
  const spread = Math.max(...end) - Math.min(...end);
  const share = way.last === 0 ? 0 : spread / Math.abs(way.last);
  const sentence = `The validation loss has settled at ${shown(way.last)}: over the last ${trendEpochs} epochs it moved within ${shownShare(share)}, and its best is ${shown(way.best)} after epoch ${way.bestEpoch} of ${way.epochs}.`;
  return { tone: "good", sentence };
};
