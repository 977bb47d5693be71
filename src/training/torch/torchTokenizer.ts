import type { TorchDevice } from '../../backends/device.ts';
import type { CallKind, ReplyOf, RequestOf } from '../../backends/torch/messages.ts';
import type { TorchProcess } from '../../backends/torch/torchProcess.ts';
import type { SpecialIds } from '../../hub/tokenizer/specialTokens.ts';
import type { Encoding, TextTokenizer } from '../../hub/tokenizer/tokenizer.ts';
import { row } from './torchNetwork.ts';

/** transformers' tokenizer of a checkpoint, in the child process. */
export class TorchTokenizer implements TextTokenizer {
  readonly padId: number | null;
  readonly eosId: number | null;
  readonly bosId: number | null;
  readonly #device: TorchDevice;
  readonly #folder: string;
  /** The child that has opened the tokenizer. */
  #process: TorchProcess;

  private constructor(
    device: TorchDevice,
    folder: string,
    process: TorchProcess,
    { padId, eosId, bosId }: SpecialIds,
  ) {
    this.#device = device;
    this.#folder = folder;
    this.#process = process;
    this.padId = padId;
    this.eosId = eosId;
    this.bosId = bosId;
  }

  /** @throws CheckpointError if transformers cannot open it */
  static async open(device: TorchDevice, folder: string): Promise<TorchTokenizer> {
    const process = await device.process();
    const ids = await process.call('tokenizer', { folder });
    return new TorchTokenizer(device, folder, process, ids);
  }

  async encode(text: string, pair: string | null, maxLength: number): Promise<Encoding> {
    const { ids, typeIds } = await this.#call('encode', { text, pair, maxLength });
    return { ids: ids.values, typeIds: typeIds.values };
  }

  async encodePlain(text: string): Promise<Int32Array> {
    const request = { text, pair: null, maxLength: null };
    return (await this.#call('encode', request)).ids.values;
  }

  async decode(ids: ArrayLike<number>): Promise<string> {
    return (await this.#call('decode', { ids: row(Int32Array.from(ids)) })).text;
  }

  async #call<K extends CallKind>(kind: K, request: RequestOf<K>): Promise<ReplyOf<K>> {
    const process = await this.#device.process();
    if (process !== this.#process) {
      await process.call('tokenizer', { folder: this.#folder });
      this.#process = process;
    }
    return process.call(kind, request);
  }
}
