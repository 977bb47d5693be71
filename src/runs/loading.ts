/** Something is read or fetched before runs exist. */
export interface Loading {
  /** What a person would call it. */
  readonly what: string;
  /** `null` where it is not known how much there is to do. */
  readonly bytes: { readonly done: number; readonly total: number } | null;
}
