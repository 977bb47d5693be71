/** What the kernels use of WebAssembly: Node has it, but only the DOM's types declare it. */
declare namespace WebAssembly {
  /** Whether this engine knows every instruction in it. */
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
    /** @returns the pages it had before */
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: unknown;
  }
}
