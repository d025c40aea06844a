import type { ReactNode } from 'react';
import { Problem } from '@stoa/client';

export function Loading({ what }: { what: string }) {
  return <p className="loading" role="status"><span className="spinner" />Loading {what}…</p>;
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = error instanceof Problem ? error : null;
  return (
    <div className="notice bad" role="alert">
      <strong>{problem?.message ?? (error instanceof Error ? error.message : 'Something failed.')}</strong>
      {problem?.fix && <span>{problem.fix}</span>}
      {retry && <button type="button" className="quiet" onClick={retry}>Try again</button>}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return <div className="empty"><h2>{title}</h2>{children}</div>;
}

/** Grey blocks in the place of what comes, so that nothing jumps. */
export function Skeleton({ count, className }: { count: number; className: string }) {
  return Array.from({ length: count }, (_, index) =>
    <div key={index} className={`skeleton ${className}`} aria-hidden="true" />);
}
