/**
 * What is used of the global WebAssembly: among the libraries of types, only that of browsers has it, with
 * everything that Node has not.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }

  class Memory {
    /** @throws RangeError where there is no such memory to be had. */
    constructor(pages: { initial: number; maximum: number });
    readonly buffer: ArrayBuffer;
  }

  class Instance {
    constructor(module: Module, imports: { readonly kernel: { readonly memory: Memory } });
    readonly exports: { readonly run: (...values: number[]) => void };
  }
}
