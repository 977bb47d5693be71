import { type Facet, type NamedFacet, namedFacets } from '../../../runs/facets.ts';
import type { Choice } from '../../messages/compare.ts';

/** Launch and method, as far as runs differ in them. @param facets in how many ways runs differ */
export function usualFacets(facets: ReadonlyMap<Facet, number>): readonly Facet[] {
  const differing = (['launch', 'method'] as const).filter((facet) => facets.get(facet)! > 1);
  return differing.length > 0 ? differing : ['method'];
}

/** Those in which the runs differ first, with in how many ways. */
export function choicesOf(facets: ReadonlyMap<Facet, number>): Choice[] {
  const all = [...facets];
  const ordered = [
    ...all.filter(([, count]) => count > 1),
    ...all.filter(([, count]) => count <= 1),
  ];
  return ordered.map(([facet, count]) => ({
    id: facet,
    label: count > 1 ? `${nameOf(facet)} (${count})` : nameOf(facet),
  }));
}

function nameOf(facet: Facet): string {
  return Object.hasOwn(namedFacets, facet)
    ? namedFacets[facet as NamedFacet]
    : facet.slice('key:'.length);
}
