// What has just come true and outlives the place where it was asked for, such as a row that is gone.
import { useSyncExternalStore } from 'react';
import { CloseIcon } from './icons';

type Toast = { id: number; text: string };

const SHOWN_MS = 15_000;
let toasts: readonly Toast[] = [];
const hearers = new Set<() => void>();

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const hear of hearers) hear();
}

const drop = (id: number) => change(toasts.filter((toast) => toast.id !== id));

export function tell(text: string): void {
  const id = Date.now() + toasts.length;
  change([...toasts, { id, text }]);
  setTimeout(() => drop(id), SHOWN_MS);
}

function subscribe(hear: () => void) {
  hearers.add(hear);
  return () => { hearers.delete(hear); };
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div className="toasts" role="status">
      {shown.map(({ id, text }) => (
        <div key={id} className="notice good">
          <strong>{text}</strong>
          <button type="button" className="bare" aria-label="Dismiss" onClick={() => drop(id)}><CloseIcon /></button>
        </div>
      ))}
    </div>
  );
}
