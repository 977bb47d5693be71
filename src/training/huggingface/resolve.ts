export interface Download {
  readonly file: string;
  readonly done: number;
  readonly total: number;
}
export async function resolveRepository(
  _id: string,
  _options: {
    kind: 'model' | 'dataset';
    files: readonly string[] | 'checkpoint';
    onProgress: (d: Download) => void;
    signal?: AbortSignal;
  },
): Promise<string> {
  throw new Error('to be merged');
}
