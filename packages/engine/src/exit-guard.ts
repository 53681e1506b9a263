/**
 * Keeps the end of the process from falling into the middle of a run.
 *
 * A process that exits stops its threads, and stopping one inside onnxruntime aborts the whole
 * process (SIGABRT). So the exit waits until every thread has ended the call it is at, and none
 * begins another. Two words of memory shared with the thread say where it is.
 */
const words = { busy: 0, stop: 1 } as const;
const controlBytes = 8;

/** A run takes seconds at most; a process told to exit should not outwait its supervisor. */
const patienceMs = 10_000;

const guarded = new Set<Int32Array>();

/** Memory for one thread, watched until `unguard`. */
export function guardThread(): SharedArrayBuffer {
  if (guarded.size === 0) process.once("exit", awaitThreads);
  const memory = new SharedArrayBuffer(controlBytes);
  guarded.add(new Int32Array(memory));
  return memory;
}

export function unguardThread(memory: SharedArrayBuffer): void {
  for (const control of guarded) if (control.buffer === memory) guarded.delete(control);
  if (guarded.size === 0) process.off("exit", awaitThreads);
}

/** In the thread: runs `call`, unless the process is exiting. */
export async function guardedCall(control: Int32Array, call: () => Promise<void>): Promise<void> {
  // Busy is set before stop is read here, and stop before busy is read there: one sees the other.
  Atomics.store(control, words.busy, 1);
  if (Atomics.load(control, words.stop) === 0) await call();
  Atomics.store(control, words.busy, 0);
  Atomics.notify(control, words.busy);
}

function awaitThreads(): void {
  const deadline = performance.now() + patienceMs;
  for (const control of guarded) Atomics.store(control, words.stop, 1);
  for (const control of guarded)
    Atomics.wait(control, words.busy, 1, Math.max(0, deadline - performance.now()));
}
