/**
 * The least that a root and a division cost where WebAssembly has doubles two at a time: a loop that does nothing else,
 * with numbers from the first cache. A core has one unit for both, so that no work around them makes them faster.
 */
const elements = 4096;
const bytes = elements * 8;

/** (end) => { at = 0; do { memory[at + bytes] = 1 / sqrt(memory[at]), twice; at += 16 } while (at < end) } */
const run = [
  ...[0x01, 0x01, 0x7f],
  ...[0x03, 0x40],
  ...[0x20, 0x01],
  ...[0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0xfd, 0x14],
  ...[0x20, 0x01, 0xfd, 0x00, 0x04, 0x00],
  ...[0xfd, 0xef, 0x01],
  ...[0xfd, 0xf3, 0x01],
  ...[0xfd, 0x0b, 0x04, 0x80, 0x80, 0x02],
  ...[0x20, 0x01, 0x41, 0x10, 0x6a, 0x22, 0x01],
  ...[0x20, 0x00, 0x49, 0x0d, 0x00],
  ...[0x0b, 0x0b],
];
const text = (name: string) => [name.length, ...Buffer.from(name)];
const section = (id: number, content: readonly number[]) => [id, content.length, ...content];
const program = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, [1, 0x60, 1, 0x7f, 0]),
  ...section(2, [1, ...text("kernel"), ...text("memory"), 2, 0, 1]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...text("run"), 0, 0]),
  ...section(10, [1, run.length, ...run]),
]);

/** Takes roots and divides, so many times at least. */
export function rootsAndDivisions(): (count: number) => void {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const numbers = new Float64Array(memory.buffer, 0, elements);
  numbers.set(numbers.map((_, at) => (at + 1) / 7));
  const module = new WebAssembly.Module(program);
  const { run } = new WebAssembly.Instance(module, { kernel: { memory } }).exports;
  return (count) => {
    for (let done = 0; done < count; done += elements) run(bytes);
  };
}
