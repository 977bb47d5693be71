/** What is used here of WebAssembly: Node has it, but only the DOM's types declare it. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number });
    readonly buffer: ArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: unknown;
  }
}

/** `assembly/panel.ts` as WebAssembly, in base64; `npm run panel` writes it. */
const WASM =
  'AGFzbQEAAAABFAJgBX9/f39/AGAIf39/f3t7e3sAAg8BA2VudgZtZW1vcnkCAAADBAMBAAAHGAILcmVkdWNlUGFuZWwAAgZtZW1vcnkCAAqgBAPJAQIEfAF/IAAgAWoiDCABaiIAIAFqIQEgAysDCCAF/SEAIAX9IQGgoSADKwMAIAT9IQAgBP0hAaChIAIrAwCiIgggDCsDAKKhIAIrAwiiIQkgAysDGCAH/SEAIAf9IQGgoSAIIAErAwCioSAJIAErAwiioSADKwMQIAb9IQAgBv0hAaChIAggACsDAKKhIAkgACsDCKKhIAIrAxCiIgogASsDEKKhIAIrAxiiIQsgAyAIOQMAIAMgCTkDCCADIAo5AxAgAyALOQMYC4cCAgV/DXsgASADaiEGIAAgAWoiByABaiIIIAFqIQkDQCAEIAVLBEAgCiADIAVq/QAEACIVIAAgBWr9AAQAIhL98gH98AEhCiALIBUgBSAHav0ABAAiE/3yAf3wASELIAwgFSAFIAhq/QAEACIU/fIB/fABIQwgDSAVIAUgCWr9AAQAIhb98gH98AEhDSAOIAUgBmr9AAQAIhUgEv3yAf3wASEOIA8gFSAT/fIB/fABIQ8gECAVIBT98gH98AEhECARIBUgFv3yAf3wASERIAVBEGohBQwBCwsgACAEaiIAIAEgAiADIARqIAogCyAMIA0QACAAIAEgAiAEIAZqIA4gDyAQIBEQAAtKAQR/A0AgBUEEaiIGIARNBEAgACABIAVsaiIIIAEgBUEDdCIHIAJqIgUgAyAHEAEgCCABIAUgAyABQQF0aiAHEAEgBiEFDAELCws=';

const PAGE = 65_536;

const module = new WebAssembly.Module(Uint8Array.from(atob(WASM), (byte) => byte.charCodeAt(0)));

/** Memory of its own for numbers, and the kernel that works on them; see `assembly/panel.ts`. */
export interface PanelKernel {
  readonly numbers: Float64Array;
  /** Addresses and strides are in bytes. */
  reducePanel(
    factor: number,
    stride: number,
    reciprocals: number,
    panel: number,
    columns: number,
  ): void;
}

/** @throws RangeError if there is no memory for so many numbers */
export function panelKernel(length: number): PanelKernel {
  const initial = Math.ceil((Float64Array.BYTES_PER_ELEMENT * length) / PAGE);
  const memory = new WebAssembly.Memory({ initial });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { reducePanel } = exports as PanelKernel;
  return { numbers: new Float64Array(memory.buffer, 0, length), reducePanel };
}
