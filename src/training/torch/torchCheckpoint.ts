import type { TorchDevice } from '../../backends/device.ts';
import type { ParsedConfig } from '../../config/parse.ts';
import {
  type GenerationConfig,
  readGenerationConfig,
} from '../../hub/architecture/generationConfig.ts';
import {
  type NetworkDescription,
  readNetworkDescription,
} from '../../hub/architecture/networkDescription.ts';
import { CheckpointError } from '../../hub/checkpointFile.ts';
import { paddingId } from '../../hub/tokenizer/specialTokens.ts';
import { openTokenizer, type TextTokenizer } from '../../hub/tokenizer/tokenizer.ts';
import type { Loading } from '../../runs/loading.ts';
import { type CheckpointPlace, locateCheckpoint } from '../text/pretrained.ts';
import { TorchTokenizer } from './torchTokenizer.ts';

/** A checkpoint whose weights are not read yet. */
export interface DescribedCheckpoint extends CheckpointPlace {
  readonly network: NetworkDescription;
  readonly classes: NetworkDescription['classes'];
}

/** A checkpoint that PyTorch trains. */
export interface TorchCheckpoint extends DescribedCheckpoint {
  readonly tokenizer: TextTokenizer;
  /** Token id that fills padding; masked everywhere. */
  readonly padId: number;
  readonly generation: GenerationConfig;
}

/** Finds the checkpoint of `model.from`, and what its config.json says. @throws ConfigError at `model.from` */
export function describeCheckpoint(
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
  signal?: AbortSignal,
): Promise<DescribedCheckpoint> {
  return atModel(parsed, async () => {
    const place = await locateCheckpoint(parsed, onLoading, signal);
    const network = await readNetworkDescription(place.folder);
    return { ...place, network, classes: network.classes };
  });
}

/** Opens the checkpoint of `model.from`, but not its weights. @throws ConfigError at `model.from` */
export async function openCheckpoint(
  parsed: ParsedConfig,
  device: TorchDevice,
  onLoading: (loading: Loading) => void,
): Promise<TorchCheckpoint> {
  const described = await describeCheckpoint(parsed, onLoading);
  const { folder, network } = described;
  return atModel(parsed, async () => {
    const tokenizer = await openAnyTokenizer(device, folder);
    return {
      ...described,
      tokenizer,
      padId: paddingId(tokenizer, network.vocabSize),
      generation: await readGenerationConfig(folder, tokenizer.eosId),
    };
  });
}

/** This program's tokenizer, which takes no message for each text; transformers' where it does not support one. */
async function openAnyTokenizer(device: TorchDevice, folder: string): Promise<TextTokenizer> {
  try {
    return await openTokenizer(folder);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return TorchTokenizer.open(device, folder);
  }
}

async function atModel<T>(parsed: ParsedConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw parsed.error(['model', 'from'], error.message, {
      expected: 'a Hugging Face checkpoint that transformers loads',
    });
  }
}
