// "What your wallet will show": the wallet's rows, made from the very object that it is sent, by
// MetaMask's rules, and beside each what it means. A wallet that shows something else is to be refused.
import type { TypedData } from './wallet';

export type PanelRow = { label: string; shown: string; means: string };

/** Of a field: in words, and whether its value is only known once the button is pressed. */
export type Meaning = { means: string; later?: boolean };

const MAX_SHOWN = 22;

/** As MetaMask writes a field's name: with a capital. */
const labelOf = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** As MetaMask writes a value: numbers raw, addresses and long hex shortened. */
export function shownValue(type: string, value: unknown): string {
  const text = String(value);
  if (type === 'address') return `${text.slice(0, 7)}...${text.slice(-5)}`;
  if (type.startsWith('bytes') && text.length > MAX_SHOWN) {
    return `${text.slice(0, 10)}…${text.slice(-8)}`;
  }
  return text;
}

export function panelRows(data: TypedData, meanings: Record<string, Meaning>): PanelRow[] {
  const message = data.message as Record<string, unknown>;
  return (data.types[data.primaryType] ?? []).map(({ name, type }) => {
    const meaning = meanings[name];
    return {
      label: labelOf(name),
      shown: meaning?.later ? 'set when you press the button' : shownValue(type, message[name]),
      means: meaning?.means ?? '',
    };
  });
}
