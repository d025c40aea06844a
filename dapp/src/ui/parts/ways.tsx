import { useEffect, useRef, useState } from 'react';
import { dollars } from '../../lib/amount';
import { percentOf, type Way } from '../../lib/royalties';
import { shortAddress } from './text';

const ROW = 46;
const TOP = 6;
const NARROW = 520;
const CHAR = 7.3;

type Props = {
  ways: Way[];
  /** Whose ways stand out. */
  chosen: string | null;
  /** Of the sale, in the token's smallest unit. */
  amount: bigint | null;
  decimals: number;
};

/**
 * The ways that money takes from what comes in to each payee, one row a step: the thicker the line and
 * the longer the bar, the larger the part. The table below it says the same to those who don't see it.
 */
export function Ways({ ways, chosen, amount, decimals }: Props) {
  const [box, width] = useWidth();
  const narrow = width < NARROW;
  const indent = narrow ? 13 : 28;
  const bar = narrow ? 56 : 170;
  const height = ways.length * ROW + TOP;
  const lit = litRows(ways, chosen);
  const x = (way: Way) => 9 + way.level * indent;
  const y = (row: number) => TOP + row * ROW + ROW / 2 - 4;
  return (
    <div ref={box} className="ways">
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={spoken(ways)}>
        {ways.map((way, row) => {
          const parent = ways[way.from];
          if (!parent) return null;
          const [x0, x1, y1] = [x(parent), x(way), y(row)];
          const bend = Math.min(10, x1 - x0);
          return (
            <path key={way.key} className={lit.has(row) ? 'on' : ''} strokeWidth={thickness(way)}
              d={`M${x0} ${y(way.from)}V${y1 - bend}Q${x0} ${y1} ${x0 + bend} ${y1}H${x1}`} />
          );
        })}
        {ways.map((way, row) => {
          const room = width - bar - x(way) - 30;
          const sum = amount === null ? '' : ` · ${dollars(sumOf(amount, way), decimals)}`;
          return (
            <g key={way.key} className={lit.has(row) ? 'on' : ''}>
              {way.split
                ? <rect x={x(way) - 6} y={y(row) - 6} width="12" height="12" rx="3" className={`part-${way.level % 6}`} />
                : <circle cx={x(way)} cy={y(row)} r="6" className={`part-${way.level % 6}`} />}
              <text x={x(way) + 13} y={y(row) - 3} className="title">{cut(nameOf(way), room)}</text>
              <text x={x(way) + 13} y={y(row) + 14} className="sub">{cut(percentOf(way.part) + sum, room)}</text>
              <rect x={width - bar} y={y(row) - 4} width={bar} height="8" rx="4" className="track" />
              <rect x={width - bar} y={y(row) - 4} width={Math.max(bar * fraction(way), 2)} height="8" rx="4"
                className={`part-${way.level % 6}`} />
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** What stands for a step: the model, else what its payee does, else its address. */
export function nameOf({ split, role, account, level }: Way): string {
  if (level === 0) return split?.kind === 'service' ? 'All that calls bring in' : 'All that comes in';
  if (split?.title) return split.title;
  if (split) return `Split ${shortAddress(account)}`;
  return role ? `${role} ${shortAddress(account)}` : shortAddress(account);
}

const fraction = (way: Way): number => Number(way.part) / 1e12;
const thickness = (way: Way): number => 1.5 + 7 * Math.sqrt(fraction(way));
/** Before the floors of each level, which the table has. */
const sumOf = (amount: bigint, way: Way): bigint => (amount * way.part) / 1_000_000_000_000n;
const cut = (text: string, room: number): string => {
  const most = Math.max(Math.floor(room / CHAR), 6);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
};

function litRows(ways: Way[], chosen: string | null): Set<number> {
  const rows = new Set<number>();
  ways.forEach((way, index) => {
    if (way.account !== chosen) return;
    for (let row = index; row >= 0; row = ways[row]?.from ?? -1) rows.add(row);
  });
  return rows;
}

const spoken = (ways: Way[]): string => {
  const people = new Set(ways.filter(({ split }) => !split).map(({ account }) => account)).size;
  const depth = Math.max(0, ...ways.map(({ level }) => level));
  return `Diagram: what comes in is divided among ${people} ${people === 1 ? 'payee' : 'payees'} on ${depth} `
    + `${depth === 1 ? 'level' : 'levels'}. The table below has each.`;
};

function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(Math.floor(element.clientWidth), 220)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
