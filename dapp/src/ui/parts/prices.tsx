import { aboutCalls, dollars, shortDollars } from '../../lib/amount';
import type { ModelDetail } from '../../lib/types';
import { useMarket } from '../market';
import { Day, shortAddress } from './text';

/** What a call costs at the service that this node sells. */
export function Prices({ model }: { model: ModelDetail }) {
  const { tokenOf } = useMarket();
  const { price, services } = model;
  if (!price) return null;
  const { decimals } = tokenOf(price.token);
  const one = 10n ** BigInt(decimals);
  const service = services.find(({ id }) => id === price.service);
  return (
    <section className="card" aria-labelledby="price-title">
      <h2 id="price-title" className="label">Pay per call</h2>
      <p className="price">
        {shortDollars(price.typicalCall, decimals)} <small>a typical call</small>
      </p>
      <p className="muted">{aboutCalls(one, BigInt(price.typicalCall))} for $1</p>
      <dl className="facts">
        {price.perCall !== '0' && <div><dt>Each call</dt><dd>{dollars(price.perCall, decimals)}</dd></div>}
        <div><dt>1 million tokens in</dt><dd>{dollars(price.perMillionInput, decimals)}</dd></div>
        <div><dt>1 million tokens out</dt><dd>{dollars(price.perMillionOutput, decimals)}</dd></div>
        {service && (
          <>
            {service.context > 0 && <div><dt>Longest text</dt><dd>{service.context.toLocaleString('en')} tokens</dd></div>}
            <div><dt>Served by</dt><dd title={service.provider}>{service.local ? 'this node' : shortAddress(service.provider)}</dd></div>
            <div><dt>Price holds until</dt><dd><Day at={service.validUntil} /></dd></div>
          </>
        )}
      </dl>
    </section>
  );
}
