import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Search } from '../../lib/api';
import { FACETS, type FacetName, type Filters } from '../../lib/types';
import { useMarket } from '../market';
import { FacetBar } from '../parts/facets';
import { SearchIcon } from '../parts/icons';
import { ModelCard } from '../parts/model_card';
import { Empty, Failure, Skeleton } from '../parts/states';
import { navigate, useLocation } from '../router';

const PAGE = 24;
const TYPING_MS = 200;
const FILTERS: FacetName[] = [...FACETS, 'served', 'creator'];
const SORTS = [
  ['newest', 'Newest'], ['price', 'Lowest price'], ['popular', 'Most licensed'],
] as const;

export function Discover() {
  const { api } = useMarket();
  const { searchParams } = useLocation();
  const filters: Filters = {};
  for (const facet of FILTERS) {
    const values = searchParams.getAll(facet);
    if (values.length > 0) filters[facet] = values;
  }
  const search: Search = {
    q: searchParams.get('q') ?? undefined,
    sort: (searchParams.get('sort') as Search['sort']) ?? undefined,
    ...filters,
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
      {!nothing && (
        <FacetBar filters={filters} facets={first?.facets} choose={(facet, values) => set({ [facet]: values })}
          clear={() => set(Object.fromEntries(FILTERS.map((facet) => [facet, []])))} />
      )}
      <div className="results-head" hidden={nothing}>
        <p role="status" className="muted">
          {first && `${first.total.toLocaleString('en-GB')} ${first.total === 1 ? 'model' : 'models'}`}
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
function set(changes: Record<string, string | string[]>): void {
  const params = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    params.delete(key);
    for (const one of [value].flat()) if (one) params.append(key, one);
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
