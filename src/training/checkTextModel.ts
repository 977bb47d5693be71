import type { ParsedConfig } from '../config/parse.ts';
import { DownloadError } from '../hub/download/downloadError.ts';
import { checkNetwork } from './text/checkNetwork.ts';
import { maxExampleLength, tokenLimitOf } from './text/checkTexts.ts';
import { openPretrained } from './text/pretrained.ts';
import { describeCheckpoint } from './torch/torchCheckpoint.ts';
import { canTrainOnTorch } from './torch/torchTask.ts';

/** How long a check waits for what describes a checkpoint on the Hub. */
const PATIENCE_MS = 5000;

/**
 * Judges the checkpoint of a config without its data and without reading weights: architecture, tokenizer and, of weights on this
 * machine, names, shapes and formats of the tensors. PyTorch and transformers judge all but config.json themselves, when a run starts.
 * @returns what was not judged, and why: the Hub cannot be reached in a few seconds; null if all was
 * @throws ConfigError
 */
export async function checkTextModel(parsed: ParsedConfig): Promise<string | null> {
  const { model, device } = parsed.config;
  if (model.from === undefined) return null;
  const { signal, stop } = patience();
  try {
    if (device === 'torch' || canTrainOnTorch(parsed.config) === 'only') {
      await describeCheckpoint(parsed, () => {}, signal);
      return null;
    }
    const pretrained = await openPretrained(parsed, () => {}, signal);
    maxExampleLength(parsed, tokenLimitOf(pretrained.config));
    await checkNetwork(parsed, pretrained, null);
    return null;
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const late = `the Hub did not answer within ${PATIENCE_MS / 1000} s`;
    return `${model.from}: ${signal.aborted ? late : error.message}`;
  } finally {
    stop();
  }
}

/** As `AbortSignal.timeout`, but its timer can be stopped. */
function patience() {
  const controller = new AbortController();
  const give = () => controller.abort(new DOMException('it took too long', 'TimeoutError'));
  const timer = setTimeout(give, PATIENCE_MS);
  return { signal: controller.signal, stop: () => clearTimeout(timer) };
}
