// What happens on the chain shows on the page without a reload.
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

const TOPICS: Record<string, string[]> = {
  model: ['models', 'model'], version: ['models', 'model'], offer: ['models', 'model'],
  manifest: ['models', 'model'],
  service: ['models', 'model'], licence: ['licences', 'model'], channel: ['money', 'purse'],
  split: ['money', 'model'],
};
const GATHER_MS = 400;

export function useLive(): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (typeof EventSource === 'undefined') return;
    const source = new EventSource('/api/events');
    const stale = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    for (const [topic, keys] of Object.entries(TOPICS)) {
      source.addEventListener(topic, () => {
        for (const key of keys) stale.add(key);
        timer ??= setTimeout(() => {
          timer = undefined;
          for (const key of stale) void queries.invalidateQueries({ queryKey: [key] });
          stale.clear();
        }, GATHER_MS);
      });
    }
    return () => { clearTimeout(timer); source.close(); };
  }, [queries]);
}
