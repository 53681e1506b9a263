/** Which of a model's versions are served: the highest one unless the configuration says otherwise. */
import type { ModelVersionPolicy } from "@amaas/proto/inference/model_config";

/** In ascending order. */
export function chosenVersions(
  policy: ModelVersionPolicy | undefined,
  available: readonly number[],
): number[] {
  const ascending = [...available].sort((a, b) => a - b);
  const choice = policy?.policyChoice;
  switch (choice?.$case) {
    case "all":
      return ascending;
    case "specific": {
      const wanted = new Set(choice.value.versions.map(Number));
      return ascending.filter((version) => wanted.has(version));
    }
    case "latest":
      return ascending.slice(-(choice.value.numVersions || 1));
    case undefined:
      return ascending.slice(-1);
  }
}
