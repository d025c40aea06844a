import { useId, type ReactNode } from 'react';

type Props = {
  label: string;
  choices: string[];
  value: string;
  change: (value: string) => void;
  /** What is wrong with the sum, else what it means. */
  trouble: string | null;
  help: ReactNode;
};

/** A sum in dollars, typed or picked, with what it is good for below. */
export function SumField({ label, choices, value, change, trouble, help }: Props) {
  const id = useId();
  return (
    <>
      <div className="amount-row">
        <label className="amount">
          <span className="label">{label}</span>
          <span className="field">
            <span aria-hidden="true">$</span>
            <input data-testid="session-amount" inputMode="decimal" autoComplete="off" value={value}
              aria-invalid={trouble !== null} aria-describedby={id}
              onChange={(event) => change(event.target.value)} />
          </span>
        </label>
        <div className="chips" role="group" aria-label="Usual sums">
          {choices.map((choice) => (
            <button key={choice} type="button" className="chip" aria-pressed={value === choice}
              onClick={() => change(choice)}>${choice}</button>
          ))}
        </div>
      </div>
      <p id={id} className={trouble ? 'warn' : 'muted'} aria-live="polite">{trouble ?? help}</p>
    </>
  );
}
