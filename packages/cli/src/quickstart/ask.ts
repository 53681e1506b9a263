/** Sends every held-out digit to the model, several at a time, and measures what comes back. */
import type { Amaas } from "@amaas/client";
import { DomainError } from "@amaas/errors";
import { type Tensor, tensor } from "@amaas/tensor";
import type { HeldOut } from "./held-out.ts";

export const inFlight = 16;

export interface Answer {
  readonly label: number;
  readonly right: boolean;
  /** Probability of the label. */
  readonly confidence: number;
}

export interface Asked {
  readonly answers: readonly Answer[];
  readonly correct: number;
  readonly accuracy: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requestsPerSecond: number;
}

export interface AskOptions {
  readonly client: Amaas;
  readonly model: string;
  readonly digits: HeldOut;
  readonly signal: AbortSignal;
  readonly onAnswer: (answered: number, correct: number) => void;
}

export async function askAll(options: AskOptions): Promise<Asked> {
  const { client, model, digits, signal } = options;
  const input = (await client.modelMetadata(model)).inputs[0]?.name ?? "features";
  const requests = Array.from({ length: digits.count }, (_, index) => ({
    [input]: tensor("FP32", [1, digits.width], digits.pixels(index)),
  }));
  const answers = new Array<Answer>(requests.length);
  const latencies = new Float64Array(requests.length);
  let next = 0;
  let answered = 0;
  let correct = 0;
  const lane = async () => {
    for (let index = next++; index < requests.length; index = next++) {
      const began = performance.now();
      const outputs = await client.predict(model, requests[index] ?? {}, { signal });
      latencies[index] = performance.now() - began;
      const answer = readAnswer(outputs, digits.label(index));
      answers[index] = answer;
      if (answer.right) correct++;
      options.onAnswer(++answered, correct);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - began) / 1000;
  latencies.sort();
  return {
    answers,
    correct,
    accuracy: correct / requests.length,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    requestsPerSecond: requests.length / seconds,
  };
}

function readAnswer(outputs: Readonly<Record<string, Tensor>>, truth: number): Answer {
  const label = outputs.label?.data[0];
  if (label === undefined)
    throw new DomainError(
      "internal",
      `the model answered ${Object.keys(outputs).join(", ")}; wanted a label`,
    );
  const probabilities = Array.from(outputs.probabilities?.data ?? [], Number);
  return {
    label: Number(label),
    right: Number(label) === truth,
    confidence: Math.max(0, ...probabilities),
  };
}

/** Of sorted values, the smallest that at least this share of them does not exceed. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
