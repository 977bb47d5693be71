/** "learningRate" of "optimizer.learningRate". */
export function lastKey(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
