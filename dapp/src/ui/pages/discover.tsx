import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import type { Search } from '../../lib/api';
import type { Facet } from '../../lib/types';
import { useMarket } from '../market';
import { SearchIcon } from '../parts/icons';
import { ModelCard } from '../parts/model_card';
import { Empty, Failure, Skeleton } from '../parts/states';
import { words } from '../parts/text';
import { navigate, useLocation } from '../router';

const PAGE = 24;
const TYPING_MS = 200;
const SORTS = [
  ['newest', 'Newest'], ['price', 'Lowest price'], ['popular', 'Most licensed'],
] as const;

export function Discover() {
  const { api } = useMarket();
  const { searchParams } = useLocation();
  const search: Search = {
    q: searchParams.get('q') ?? undefined,
    task: searchParams.get('task') ?? undefined,
    licence: searchParams.get('licence') ?? undefined,
    tag: searchParams.get('tag') ?? undefined,
    creator: searchParams.get('creator') ?? undefined,
    served: searchParams.get('served') === 'true',
    sort: (searchParams.get('sort') as Search['sort']) ?? undefined,
  };
  const { data, error, isPending, isPlaceholderData, hasNextPage, fetchNextPage, isFetchingNextPage,
    refetch } = useInfiniteQuery({
    queryKey: ['models', search],
    queryFn: ({ pageParam, signal }) => api.models(
      { ...search, limit: PAGE, cursor: pageParam || undefined }, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });
  const first = data?.pages[0];
  const nothing = !first && error !== null;
  const models = data?.pages.flatMap(({ items }) => items) ?? [];

  useEffect(() => { document.title = 'Stoa: models you can try, license and trust'; }, []);
  return (
    <>
      <section className="hero">
        <h1>Find a model. Try it for cents.</h1>
        <p>
          Every listing says who made it, who is paid and what a call costs. You pay by the
          call after one signature, and what you do not use comes back.
        </p>
        <SearchBox value={search.q ?? ''} />
      </section>
      <Filters search={search} facets={first?.facets} pending={isPending} hidden={nothing} />
      <div className="results-head" hidden={nothing}>
        <p role="status" className="muted">
          {first && `${first.total} ${first.total === 1 ? 'model' : 'models'}`}
          {first && search.q && <> for “{search.q}”</>}
          {search.creator && ' by one creator'}
        </p>
        <label className="select">
          <span className="muted">Sort</span>
          <select value={search.sort ?? (search.q ? 'relevance' : 'newest')} onChange={(event) => set({ sort: event.target.value })}>
            {search.q && <option value="relevance">Best match</option>}
            {SORTS.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
          </select>
        </label>
      </div>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {first && models.length === 0 && (
        <Empty title="Nothing matches">
          <p>Use fewer or other words: the search also understands what a model is for.</p>
          <p><button type="button" className="quiet" onClick={() => navigate('/')}>Show all models</button></p>
        </Empty>
      )}
      <div className={isPlaceholderData ? 'cards stale' : 'cards'}>
        {isPending && !error && <Skeleton count={6} className="card" />}
        {models.map((model) => <ModelCard key={model.id} model={model} />)}
      </div>
      {hasNextPage && (
        <p className="more">
          <button type="button" className="quiet" disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}>
            {isFetchingNextPage ? 'Loading…' : 'Show more'}
          </button>
        </p>
      )}
    </>
  );
}

/** Changes the address, which is where the search stands. */
function set(changes: Record<string, string>): void {
  const params = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value) params.set(key, value);
    else params.delete(key);
  }
  const text = params.toString();
  navigate(text ? `/?${text}` : '/', { keep: true });
}

function SearchBox({ value }: { value: string }) {
  const [typed, setTyped] = useState(value);
  const [last, setLast] = useState(value);
  if (value !== last) {
    setLast(value);
    // Changed from elsewhere, not by what is being typed.
    if (value !== typed.trim()) setTyped(value);
  }
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => set({ q: typed.trim() }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <form role="search" className="search" onSubmit={(event) => {
      event.preventDefault();
      set({ q: typed.trim() });
    }}>
      <SearchIcon />
      <input type="search" data-testid="search-input" value={typed} autoComplete="off"
        aria-label="Search models" placeholder="What should the model do?"
        onChange={(event) => setTyped(event.target.value)} />
    </form>
  );
}

type Facets = { task: Facet[]; licence: Facet[]; tag: Facet[] };

function Filters(
  { search, facets, pending, hidden }:
  { search: Search; facets?: Facets; pending: boolean; hidden: boolean },
) {
  const chosen = [search.task, search.licence, search.tag, search.creator].filter(Boolean).length
    + (search.served ? 1 : 0);
  return (
    <div className="filters" hidden={hidden}>
      <Chip on={search.served ?? false} toggle={() => set({ served: search.served ? '' : 'true' })}>
        <span className="dot" aria-hidden="true" />Ready to try
      </Chip>
      {pending && <Skeleton count={4} className="chip" />}
      <ChipRow name="task" label="Task" values={facets?.task} chosen={search.task} />
      <ChipRow name="tag" label="Tag" values={facets?.tag.slice(0, 6)} chosen={search.tag} />
      <ChipRow name="licence" label="Licence" values={facets?.licence} chosen={search.licence} />
      {chosen > 0 && (
        <button type="button" className="bare small" onClick={() =>
          set({ task: '', licence: '', tag: '', creator: '', served: '' })}>Clear filters</button>
      )}
    </div>
  );
}

function ChipRow(
  { name, label, values = [], chosen }:
  { name: 'task' | 'licence' | 'tag'; label: string; values?: Facet[]; chosen?: string },
) {
  const shown = chosen && !values.some(({ value }) => value === chosen)
    ? [{ value: chosen, count: 0 }, ...values] : values;
  if (shown.length === 0) return null;
  return (
    <div className="chips" role="group" aria-label={label}>
      <span className="label" aria-hidden="true">{label}</span>
      {shown.map(({ value, count }) => (
        <Chip key={value} on={value === chosen}
          toggle={() => set({ [name]: value === chosen ? '' : value })}>
          {name === 'task' ? words(value) : value}{count > 0 && <span className="count">{count}</span>}
        </Chip>
      ))}
    </div>
  );
}

function Chip(
  { on, toggle, children }: { on: boolean; toggle: () => void; children: ReactNode },
) {
  return <button type="button" className="chip" aria-pressed={on} onClick={toggle}>{children}</button>;
}
