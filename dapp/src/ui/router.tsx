import { useSyncExternalStore, type MouseEvent, type ReactNode } from 'react';

const CHANGED = 'stoa:navigated';

function subscribe(hear: () => void) {
  addEventListener('popstate', hear);
  addEventListener(CHANGED, hear);
  return () => {
    removeEventListener('popstate', hear);
    removeEventListener(CHANGED, hear);
  };
}

/** Path and query of the page, as the address bar has them. */
export function useLocation(): URL {
  const href = useSyncExternalStore(subscribe, () => location.href);
  return new URL(href);
}

/** `keep` replaces the entry and stays where the page is scrolled, as a filter does. */
export function navigate(to: string, { keep = false } = {}): void {
  if (keep) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  dispatchEvent(new Event(CHANGED));
  if (keep) return;
  scrollTo(0, 0);
  // A screen reader starts at the new page's top.
  document.getElementById('main')?.focus({ preventScroll: true });
}

type LinkProps = {
  to: string;
  className?: string;
  children: ReactNode;
  'aria-current'?: 'page' | undefined;
  'data-testid'?: string;
  'data-id'?: string;
};

export function Link({ to, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) {
      return;
    }
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={follow} {...rest}>{children}</a>;
}
