/** `owner/name`, optionally `@revision`: how a repository of the Hugging Face hub is called. */
export const HUB_ID = /^\w[\w.-]*\/\w[\w.-]*(@[\w./-]+)?$/;

/** Well-known models that had no owner once, by the owner they have now. */
const adopted: Readonly<Record<string, readonly string[]>> = {
  'google-bert': [
    'bert-base-uncased',
    'bert-base-cased',
    'bert-large-uncased',
    'bert-large-cased',
    'bert-base-multilingual-uncased',
    'bert-base-multilingual-cased',
  ],
  FacebookAI: ['roberta-base', 'roberta-large', 'xlm-roberta-base', 'xlm-roberta-large'],
  distilbert: [
    'distilbert-base-uncased',
    'distilbert-base-cased',
    'distilbert-base-multilingual-cased',
    'distilroberta-base',
    'distilgpt2',
  ],
  'openai-community': ['gpt2', 'gpt2-medium', 'gpt2-large', 'gpt2-xl'],
  almanach: ['camembert-base'],
};

/** `owner/name` for a name that many texts still give without its owner. */
export function withOwner(name: string): string | undefined {
  const owner = Object.keys(adopted).find((owner) => adopted[owner]!.includes(name));
  return owner && `${owner}/${name}`;
}
