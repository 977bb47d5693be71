/** How far something is: "45 %". @param share 0…1 */
export function percent(share: number): string {
  return `${Math.floor(100 * share)} %`;
}
