import { useQuery } from '@tanstack/react-query';
import { dollars } from '../../lib/amount';
import { above, daysToFloor, doublesAfter, history, perDay, priceAfter, type Point } from '../../lib/price_now';
import type { Offer, OfferPrices } from '../../lib/types';
import { useMarket } from '../market';
import { Day, moment } from './text';

const WIDTH = 300, HEIGHT = 110, LEFT = 4, RIGHT = 296, TOP = 10, BOTTOM = 96;
const count = (n: number): string => Number(n.toPrecision(3)).toLocaleString('en');

/** Why a price that follows demand is what it is, between which bounds, what it was, and what is announced. */
export function MovingPrice({ offer }: { offer: Offer }) {
  const { api, tokenOf } = useMarket();
  const { data: prices, error } = useQuery({
    queryKey: ['prices', offer.id], queryFn: () => api.offerPrices(offer.id), refetchInterval: 15_000,
  });
  if (error) return <p className="small muted">What moves this price could not be loaded.</p>;
  if (!prices) return null;
  const { decimals } = tokenOf(prices.token);
  return (
    <div className="moving" data-testid="moving-price">
      <p className="small">
        Follows demand, between {dollars(prices.floor, decimals)} and {dollars(prices.cap, decimals)}: {why(prices)}
      </p>
      <p className="small muted">
        {count(perDay(prices))} sales a day leave it where it is; {count(doublesAfter(prices))} more double it. After the
        next sale it is {dollars(priceAfter(prices, 1), decimals)}. You never pay more than you sign.
      </p>
      <Announced prices={prices} decimals={decimals} />
      {prices.sales.length > 0 && <Chart prices={prices} decimals={decimals} />}
    </div>
  );
}

function why(prices: OfferPrices): string {
  if (prices.excess === '0') return 'no more is sold than usual, so it is at its lowest.';
  const sales = `${count(above(prices))} sales above what is usual`;
  if (prices.price === prices.cap) return `${sales}, so it is at its highest.`;
  const days = daysToFloor(prices);
  const time = days < 1 ? 'a day' : `${count(Math.ceil(days))} days`;
  return `${sales}. Without another, it is at its lowest within ${time}.`;
}

function Announced({ prices, decimals }: { prices: OfferPrices; decimals: number }) {
  const next = prices.next?.prices.find(({ token }) => token.toLowerCase() === prices.token.toLowerCase());
  if (!prices.next || !next) return null;
  return (
    <p className="notice">
      <strong>From <Day at={prices.next.from} /> it costs {next.floor === next.cap ? dollars(next.floor, decimals)
        : `${dollars(next.floor, decimals)} to ${dollars(next.cap, decimals)}`}.</strong>
      <span>Licences bought before stay as they are.</span>
    </p>
  );
}

function Chart({ prices, decimals }: { prices: OfferPrices; decimals: number }) {
  const points = history(prices, Math.floor(Date.now() / 1000));
  const at = placing(points, prices);
  const line = points.map((point, i) => `${i ? 'L' : 'M'}${at(point).join(' ')}`).join('');
  const last = points.at(-1)!;
  return (
    <figure className="price-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img"
        aria-label={`Prices of the last ${prices.sales.length} sales, and now ${dollars(last.price, decimals)}`}>
        {[prices.cap, prices.floor].map((bound) => {
          const [, y] = at({ time: last.time, price: BigInt(bound) });
          return <line key={bound} className="bound" x1={LEFT} x2={RIGHT} y1={y} y2={y} />;
        })}
        <path className="line" d={line} />
        {points.slice(0, -1).map((point, i) => {
          const [x, y] = at(point);
          return <circle key={i} cx={x} cy={y} r="2.5" />;
        })}
        <circle className="now" cx={at(last)[0]} cy={at(last)[1]} r="4.5" />
      </svg>
      <figcaption className="small muted">
        <details>
          <summary>Since <Day at={points[0]!.time} />, in figures</summary>
          <table data-testid="price-table">
            <thead><tr><th scope="col">Sold</th><th scope="col">For</th></tr></thead>
            <tbody>
              {points.slice(0, -1).reverse().map(({ time, price }, i) => (
                <tr key={i}><td>{moment(time * 1000)}</td><td>{dollars(price, decimals)}</td></tr>
              ))}
            </tbody>
          </table>
        </details>
      </figcaption>
    </figure>
  );
}

/** Time from left to right; prices between floor and cap, or beyond them where they once were. */
function placing(points: Point[], prices: OfferPrices): (point: Point) => [number, number] {
  const all = [...points.map(({ price }) => Number(price)), Number(prices.floor), Number(prices.cap)];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [from, to] = [points[0]!.time, points.at(-1)!.time];
  return ({ time, price }) => [
    LEFT + ((time - from) / Math.max(to - from, 1)) * (RIGHT - LEFT),
    BOTTOM - ((Number(price) - low) / Math.max(high - low, 1)) * (BOTTOM - TOP),
  ].map((n) => Number(n.toFixed(1))) as [number, number];
}
