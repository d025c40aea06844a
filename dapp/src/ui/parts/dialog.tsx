import { useEffect, useId, useRef, type ReactNode } from 'react';
import { CloseIcon } from './icons';

/** The browser's own dialogue: it traps focus, closes on Escape and gives focus back. */
export function Dialog(
  { title, close, children }: { title: string; close: () => void; children: ReactNode },
) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close}
      onClick={(event) => { if (event.target === dialog.current) close(); }}>
      <div className="dialog">
        <header>
          <h2 id={id}>{title}</h2>
          <button type="button" className="bare" aria-label="Close" onClick={close}><CloseIcon /></button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
