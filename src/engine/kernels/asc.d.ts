/**
 * What of the AssemblyScript compiler is used here. Its own declarations come with a global `console` of AssemblyScript's, which
 * takes the place of Node's in the whole program, depending on the order of the files.
 */
export const version: string;

declare const asc: {
  main(
    argv: readonly string[],
    host: {
      readFile(name: string): string | null;
      writeFile(name: string, contents: Uint8Array | string): void;
      listFiles(folder: string): string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
};
export default asc;
