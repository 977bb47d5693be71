/** Rules about `model`: what contradicts a saved model, an architecture or the kind of examples. */
import { readsImages, readsTexts } from './data.ts';
import type { Finding, Path } from './diagnostic.ts';
import { defaults, type Rule } from './rule.ts';
import type { Config } from './schema.ts';

export const modelRules: readonly Rule[] = [
  savedModelsHaveTheirArchitecture,
  partsOfSavedModelsNeedOne,
  layersFitArchitecture,
  convolutionsNeedImages,
  textsNeedSavedModel,
  imagesNeedSavedModel,
  imageFilesNeedTorch,
  transformersNeedTexts,
  halfPrecisionNeedsTorch,
  quantizedWeightsNeedAdapters,
];

function savedModelsHaveTheirArchitecture({ model }: Config): Finding[] {
  if (model.from === undefined) return [];
  const keys = (['architecture', 'hidden', 'filters'] as const).filter((key) => model[key]);
  return keys.map((key) => ({
    path: ['model', key],
    isKey: true,
    message: `model.${key} contradicts model.from: a saved model has its own`,
    expected: 'only one of them',
  }));
}

function partsOfSavedModelsNeedOne({ model }: Config): Finding[] {
  if (model.from !== undefined) return [];
  const keys = (['freeze', 'head'] as const).filter((key) => model[key]);
  return keys.map((key) => ({
    path: ['model', key],
    isKey: true,
    message: `model.${key} needs model.from: without it every layer starts from scratch`,
    expected: 'model.from, the folder of a saved model',
  }));
}

function layersFitArchitecture({ model }: Config): Finding[] {
  if (model.from !== undefined) return [];
  const architecture = model.architecture ?? 'mlp';
  const [wrong, right] = ({ mlp: ['filters', 'hidden'], cnn: ['hidden', 'filters'] } as const)[
    architecture
  ];
  if (model[wrong] === undefined) return [];
  return [
    {
      path: ['model', wrong],
      isKey: true,
      message: `model.${wrong} does nothing with model.architecture: ${architecture}`,
      expected: `model.${right}, or another model.architecture`,
    },
  ];
}

function convolutionsNeedImages({ model, data }: Config): Finding[] {
  if (model.architecture !== 'cnn' || data.image) return [];
  return [
    {
      path: ['model', 'architecture'],
      message: 'a cnn needs images, but data.image is not set',
      expected: 'data.image: [height, width, channels], or architecture: mlp',
    },
  ];
}

function textsNeedSavedModel({ model, data }: Config): Finding[] {
  if (!readsTexts(data) || model.from !== undefined) return [];
  const key = data.text === undefined ? 'prompt' : 'text';
  return [
    {
      path: ['data', key],
      isKey: true,
      message: `data.${key} needs model.from: only pretrained transformers read texts`,
      expected: 'model.from, a Hugging Face checkpoint: its id on the Hub or its folder',
    },
  ];
}

function imagesNeedSavedModel(config: Config): Finding[] {
  if (!readsImages(config) || config.model.from !== undefined) return [];
  const key = config.data.imageFile === undefined ? 'image' : 'imageFile';
  return [
    {
      path: ['data', key],
      isKey: true,
      message: `data.${key} needs model.from with device: torch, which trains no network from scratch`,
      expected:
        'model.from, a Hugging Face checkpoint for image classification: its id on the Hub or its folder',
    },
  ];
}

function imageFilesNeedTorch({ data, device }: Config): Finding[] {
  if (data.imageFile === undefined || device === 'torch' || device === 'auto') return [];
  return [
    {
      path: ['data', 'imageFile'],
      isKey: true,
      message: `device ${device} does not read image files`,
      expected: 'device: torch, or pixels as columns: data.image and data.features',
    },
  ];
}

/** Only transformers read texts, so keys for transformers do nothing without texts, or images on torch. */
function transformersNeedTexts(config: Config): Finding[] {
  const { model, data, groups, batches } = config;
  if (readsTexts(data)) return [];
  const ofTransformers: readonly Path[] = [
    ...(['adapter', 'reinitialize', 'dropout', 'dtype', 'quantize', 'checkpointing'] as const)
      .filter((key) => model[key] !== defaults.model[key])
      .map((key) => ['model', key]),
    ...(groups.backward === defaults.groups.backward ? [] : [['groups', 'backward']]),
  ];
  const keys: readonly Path[] = [
    ...(readsImages(config) ? [] : ofTransformers),
    ...(data.maxLength === undefined ? [] : [['data', 'maxLength']]),
  ];
  const needTexts = (words: string) => ({
    message: `${words} needs data.text: it is for transformers, which read texts`,
    expected: 'data.text, the columns with the texts',
  });
  return [
    ...keys.map((path) => ({ path, isKey: true, ...needTexts(path.join('.')) })),
    ...(groups.by === 'length'
      ? [{ path: ['groups', 'by'], ...needTexts('groups.by: length') }]
      : []),
    ...(batches === defaults.batches
      ? []
      : [{ path: ['batches'], ...needTexts(`batches: ${batches}`) }]),
  ];
}

function halfPrecisionNeedsTorch({ model, device }: Config): Finding[] {
  const isPossible = device === 'torch' || device === 'auto';
  if (model.dtype === defaults.model.dtype || isPossible) return [];
  return [
    {
      path: ['model', 'dtype'],
      message: `device ${device} computes in float32 only`,
      expected: 'dtype: float32, or device: torch',
    },
  ];
}

/** Weights in few bits stay as they are. */
function quantizedWeightsNeedAdapters({ model, device }: Config): Finding[] {
  if (model.quantize === undefined) return [];
  const finding = (message: string, expected: string) => ({
    path: ['model', 'quantize'],
    isKey: true,
    message,
    expected,
  });
  if (device !== 'torch' && device !== 'auto') {
    const expected = 'device: torch, on a GPU with CUDA, or no model.quantize';
    return [finding(`device ${device} does not quantize weights`, expected)];
  }
  if (model.adapter !== undefined && model.reinitialize === 0) return [];
  return [
    finding(
      'quantized weights are not trained',
      'model.adapter: { lora: {} }, and no model.reinitialize',
    ),
  ];
}
