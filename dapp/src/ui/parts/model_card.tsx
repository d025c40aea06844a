import { aboutCalls, shortDollars } from '../../lib/amount';
import type { ModelSummary } from '../../lib/types';
import { useMarket } from '../market';
import { Link } from '../router';
import { AbilityLine } from './abilities';
import { shortName, words } from './text';

export function ModelCard({ model }: { model: ModelSummary }) {
  const { tokenOf } = useMarket();
  const { price, licencePrice } = model;
  return (
    <Link to={`/models/${model.id}`} className="card model" data-testid="model-card" data-id={model.id}>
      <div className="card-top">
        <span className="label">{words(model.task)}</span>
        {model.served ? <span className="ready"><span className="dot" aria-hidden="true" />Ready</span>
          : <span className="muted small">Not served now</span>}
      </div>
      <h2>{model.title}</h2>
      <p className="name">{shortName(model.name)}</p>
      <p className="summary">{model.summary}</p>
      <AbilityLine abilities={model.abilities} />
      {model.status !== 'active' && <p className="warn small">This version is {model.status}.</p>}
      <dl className="card-prices">
        <div>
          <dt>A typical call</dt>
          <dd>
            {price ? <>{shortDollars(price.typicalCall, tokenOf(price.token).decimals)}
              <small>{aboutCalls(10n ** BigInt(tokenOf(price.token).decimals), BigInt(price.typicalCall))} for $1</small></>
              : <span className="muted">none</span>}
          </dd>
        </div>
        <div>
          <dt>Licence</dt>
          <dd>
            {licencePrice ? <>from {shortDollars(licencePrice.amount, tokenOf(licencePrice.token).decimals)}
              <small>{model.licences} sold</small></> : <span className="muted">none</span>}
          </dd>
        </div>
      </dl>
    </Link>
  );
}
