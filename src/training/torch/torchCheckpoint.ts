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
import { openTokenizer, type Tokenizer } from '../../hub/tokenizer/tokenizer.ts';
import type { Loading } from '../../runs/loading.ts';
import { type CheckpointPlace, locateCheckpoint } from '../text/pretrained.ts';

/** A checkpoint that PyTorch trains. */
export interface TorchCheckpoint extends CheckpointPlace {
  readonly network: NetworkDescription;
  readonly tokenizer: Tokenizer;
  /** Token id that fills padding; masked everywhere. */
  readonly padId: number;
  readonly classes: NetworkDescription['classes'];
  readonly generation: GenerationConfig;
}

/** Opens the checkpoint of `model.from`, but not its weights. @throws ConfigError at `model.from` */
export async function openCheckpoint(
  parsed: ParsedConfig,
  onLoading: (loading: Loading) => void,
  signal?: AbortSignal,
): Promise<TorchCheckpoint> {
  try {
    const place = await locateCheckpoint(parsed, onLoading, signal);
    const network = await readNetworkDescription(place.folder);
    const tokenizer = await openTokenizer(place.folder);
    return {
      ...place,
      network,
      tokenizer,
      padId: paddingId(tokenizer, network.vocabSize),
      classes: network.classes,
      generation: await readGenerationConfig(place.folder, tokenizer.eosId),
    };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw parsed.error(['model', 'from'], error.message, {
      expected: 'a Hugging Face checkpoint that transformers loads',
    });
  }
}
