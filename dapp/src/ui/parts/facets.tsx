// The filters of a search: what is chosen as chips, all facets with their counts behind one button.
// Several values of a facet are alternatives; facets narrow each other.
import { useId, useState } from 'react';
import { FACETS, type Facet, type FacetName, type Facets, type Filters } from '../../lib/types';
import { language } from './abilities';
import { shortAddress, words } from './text';

const SHOWN = 8;
const LABELS: Record<FacetName, string> = {
  task: 'Task', domain: 'Made for', capability: 'Abilities', language: 'Language', format: 'Format',
  size: 'Size', price: 'A typical call', terms: 'Licences on sale', licence: 'Licence of the weights',
  standing: 'Standing', tag: 'Tag', served: 'Served', creator: 'Creator',
};
const NAMES: Partial<Record<FacetName, Record<string, string>>> = {
  price: {
    free: 'Free', 'under-0.001': 'Under $0.001', '0.001-0.01': '$0.001 to $0.01',
    '0.01-0.1': '$0.01 to $0.10', 'over-0.1': '$0.10 and more',
  },
  size: {
    'under-100MB': 'Under 100 MB', '100MB-1GB': '100 MB to 1 GB', '1-10GB': '1 to 10 GB',
    '10-100GB': '10 to 100 GB', 'over-100GB': '100 GB and more',
  },
  terms: { perpetual: 'For good', period: 'For a period', calls: 'Prepaid calls' },
  served: { true: 'Ready to try' },
};
/** Those with an order of their own; the others are ordered by count. */
const ORDERED: FacetName[] = ['price', 'size', 'terms'];

export function valueName(facet: FacetName, value: string): string {
  const name = NAMES[facet]?.[value];
  if (name) return name;
  if (facet === 'language') return language(value);
  if (facet === 'creator') return shortAddress(value);
  return ['task', 'domain', 'capability', 'standing'].includes(facet) ? words(value) : value;
}

export type Choose = (facet: FacetName, values: string[]) => void;
type Props = { filters: Filters; facets: Facets | undefined; choose: Choose };

export const toggled = (values: string[], value: string): string[] =>
  values.includes(value) ? values.filter((other) => other !== value) : [...values, value];

export function FacetBar({ filters, facets, choose, clear }: Props & { clear: () => void }) {
  const [open, setOpen] = useState(false);
  const panel = useId();
  const chosen = (Object.entries(filters) as [FacetName, string[]][])
    .filter(([facet]) => facet !== 'served')
    .flatMap(([facet, values]) => values.map((value) => [facet, value] as const));
  const served = filters.served?.length === 1;
  return (
    <div className="filters">
      <div className="chips">
        <button type="button" className="chip" aria-expanded={open} aria-controls={panel}
          data-testid="filters" onClick={() => setOpen(!open)}>
          Filters{chosen.length > 0 && <span className="count">{chosen.length}</span>}
        </button>
        <button type="button" className="chip" aria-pressed={served}
          onClick={() => choose('served', served ? [] : ['true'])}>
          <span className="dot" aria-hidden="true" />Ready to try
        </button>
        {chosen.map(([facet, value]) => (
          <button key={`${facet}=${value}`} type="button" className="chip on" data-testid="chosen"
            aria-label={`Remove ${LABELS[facet]}: ${valueName(facet, value)}`}
            onClick={() => choose(facet, toggled(filters[facet] ?? [], value))}>
            {valueName(facet, value)}<span aria-hidden="true">×</span>
          </button>
        ))}
        {(chosen.length > 0 || served) && (
          <button type="button" className="bare small" onClick={clear}>Clear filters</button>
        )}
      </div>
      <div id={panel} className="facets" hidden={!open}>
        {open && FACETS.map((facet) => (
          <Group key={facet} facet={facet} values={facets?.[facet] ?? []} chosen={filters[facet] ?? []}
            choose={choose} />
        ))}
      </div>
    </div>
  );
}

function Group(
  { facet, values, chosen, choose }:
  { facet: FacetName; values: Facet[]; chosen: string[]; choose: Choose },
) {
  const [all, setAll] = useState(false);
  const known = new Set(values.map(({ value }) => value));
  const listed = [...values, ...chosen.filter((value) => !known.has(value)).map((value) => ({ value, count: 0 }))];
  if (listed.length === 0) return null;
  if (ORDERED.includes(facet)) {
    const order = Object.keys(NAMES[facet] ?? {});
    listed.sort((a, b) => order.indexOf(a.value) - order.indexOf(b.value));
  }
  const shown = all ? listed
    : listed.filter(({ value }, nth) => nth < SHOWN || chosen.includes(value));
  return (
    <fieldset className="facet" data-testid={`facet-${facet}`}>
      <legend>{LABELS[facet]}</legend>
      {shown.map(({ value, count }) => (
        <label key={value}>
          <input type="checkbox" checked={chosen.includes(value)}
            onChange={() => choose(facet, toggled(chosen, value))} />
          <span>{valueName(facet, value)}</span>
          <span className="count" aria-label={`${count} models`}>{count.toLocaleString('en-GB')}</span>
        </label>
      ))}
      {shown.length < listed.length && (
        <button type="button" className="bare small" onClick={() => setAll(true)}>
          All {listed.length}
        </button>
      )}
    </fieldset>
  );
}
