import type { TorchProcess } from '../../backends/torch/torchProcess.ts';
import type { SpecialIds } from '../../hub/tokenizer/specialTokens.ts';
import type { Encoding, TextTokenizer } from '../../hub/tokenizer/tokenizer.ts';
import { row } from './torchNetwork.ts';

/** transformers' tokenizer of a checkpoint, in the child process. */
export class TorchTokenizer implements TextTokenizer {
  readonly padId: number | null;
  readonly eosId: number | null;
  readonly bosId: number | null;
  readonly #process: TorchProcess;

  private constructor(process: TorchProcess, { padId, eosId, bosId }: SpecialIds) {
    this.#process = process;
    this.padId = padId;
    this.eosId = eosId;
    this.bosId = bosId;
  }

  /** @throws CheckpointError if transformers cannot open it */
  static async open(process: TorchProcess, folder: string): Promise<TorchTokenizer> {
    return new TorchTokenizer(process, await process.call('tokenizer', { folder }));
  }

  async encode(text: string, pair: string | null, maxLength: number): Promise<Encoding> {
    const { ids, typeIds } = await this.#process.call('encode', { text, pair, maxLength });
    return { ids: ids.values, typeIds: typeIds.values };
  }

  async encodePlain(text: string): Promise<Int32Array> {
    const request = { text, pair: null, maxLength: null };
    return (await this.#process.call('encode', request)).ids.values;
  }

  async decode(ids: ArrayLike<number>): Promise<string> {
    return (await this.#process.call('decode', { ids: row(Int32Array.from(ids)) })).text;
  }
}
