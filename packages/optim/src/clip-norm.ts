/**
 * Clipping by the norm of the whole gradient (Pascanu, Mikolov and Bengio 2013), as PyTorch has it:
 *
 *   g = gradient / samples min(1, clipNorm / (|gradient| / samples + 1e-6))
 *
 * The norm is of all parameters, which no range knows: whoever has the ranges adds their squares up.
 */

/** What takes the place of the number of samples in an update. */
export function clippedDivisor(samples: number, squares: number, clipNorm: number): number {
  const norm = Math.sqrt(squares) / samples;
  // What is no number has no length to be clipped to: it goes on, and shows in the loss.
  if (!Number.isFinite(norm)) return samples;
  return samples / Math.min(1, clipNorm / (norm + 1e-6));
}
