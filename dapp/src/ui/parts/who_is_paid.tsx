import { dollars, partOf, percent } from '../../lib/amount';
import type { ModelDetail, Payee } from '../../lib/types';
import { useMarket } from '../market';
import { Link } from '../router';
import { Copyable, shortAddress } from './text';

const MILLION = 1_000_000;

/** The split of a sale and of a call, as the contracts carry it out. */
export function WhoIsPaid({ model }: { model: ModelDetail }) {
  const { tokenOf } = useMarket();
  const { payees, payTo, services, price, licencePrice } = model;
  const service = services.find(({ id }) => id === price?.service) ?? services[0];
  return (
    <div className="stack">
      <p>
        Nobody stands between: the contracts divide each payment, and each payee draws its part by
        itself. The shares cannot be changed for what is already paid.
      </p>
      <Division title={licencePrice
        ? `Of a licence of ${dollars(licencePrice.amount, tokenOf(licencePrice.token).decimals)}`
        : 'Of each licence'} payees={payees} payTo={payTo}
        sum={licencePrice ? BigInt(licencePrice.amount) : null}
        decimals={licencePrice ? tokenOf(licencePrice.token).decimals : 6} />
      {service && (
        <Division title="Of each call" payees={nameCallPayees(service.payees, model, service.provider)}
          payTo={service.receiver} sum={null} decimals={6} />
      )}
      <p className="small muted">
        Royalty on calls: {model.callRoyaltyBps / 100} % goes to the model's split, the rest to whoever
        serves it.
      </p>
    </div>
  );
}

/** A service pays its provider and the model's split; both are better known by name. */
function nameCallPayees(payees: Payee[], { payTo }: ModelDetail, provider: string): Payee[] {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  return payees.map((payee) => ({
    ...payee,
    label: same(payee.account, payTo) ? 'The model’s payees, divided as above'
      : same(payee.account, provider) ? 'Provider' : payee.label,
  }));
}

function Division(
  { title, payees, payTo, sum, decimals }:
  { title: string; payees: Payee[]; payTo: string; sum: bigint | null; decimals: number },
) {
  const sorted = [...payees].sort((a, b) => b.share - a.share);
  return (
    <figure className="division">
      <figcaption><strong>{title}</strong><span className="muted small">split <Copyable value={payTo} /></span></figcaption>
      <svg className="bar" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">
        {sorted.map(({ account, share }, index) => (
          <rect key={account} className={`part-${index % 6}`} y="0" height="14"
            x={offset(sorted, index)} width={Math.max((share / MILLION) * 1000 - 2, 1)} />
        ))}
      </svg>
      <ul>
        {sorted.map((payee, index) => (
          <li key={payee.account}>
            <svg className="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect className={`part-${index % 6}`} width="10" height="10" rx="3" /></svg>
            <span className="who">{who(payee)}<small className="muted">{payee.label && shortAddress(payee.account)}</small></span>
            <strong>{percent(payee.share)}</strong>
            {sum !== null && <span className="muted">{dollars(partOf(sum, payee.share), decimals)}</span>}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function who(payee: Payee) {
  if (payee.kind === 'parent' && payee.model) {
    return <Link to={`/models/${payee.model}`}>{payee.label ?? `Base model #${payee.model}`}</Link>;
  }
  return payee.label ?? <code title={payee.account}>{shortAddress(payee.account)}</code>;
}

const offset = (payees: Payee[], index: number): number =>
  payees.slice(0, index).reduce((sum, { share }) => sum + (share / MILLION) * 1000, 0);
