import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { dollars } from '../../lib/amount';
import type { Licence } from '../../lib/types';
import { useMarket } from '../market';
import { CheckIcon } from '../parts/icons';
import { NeedsWallet } from '../parts/needs_wallet';
import { rightText } from '../parts/rights';
import { Empty, Failure, Skeleton } from '../parts/states';
import { Copyable, Day } from '../parts/text';
import { Link } from '../router';
import { useWallet } from '../wallet';

export function Licences() {
  const { api } = useMarket();
  const { address } = useWallet();
  const { data, error, refetch } = useQuery({
    queryKey: ['licences', address], queryFn: () => api.licences(address!), enabled: address !== null,
  });
  useEffect(() => { document.title = 'My licences · Stoa'; }, []);
  return (
    <>
      <header className="page-head">
        <h1>My licences</h1>
        <p className="lead">
          Each is a token of your own. Its terms were fixed when you bought it, and nobody can change or
          revoke them.
        </p>
      </header>
      {!address && <NeedsWallet what="your licences" />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {address && !data && !error && <div className="rows"><Skeleton count={2} className="block" /></div>}
      {data?.length === 0 && (
        <Empty title="You hold no licence yet">
          <p>Licences are on each model's page: one signature, no network fee.</p>
          <p><Link to="/" className="button primary">Discover models</Link></p>
        </Empty>
      )}
      <ul className="rows">
        {data?.map((licence) => <Row key={licence.id} licence={licence} />)}
      </ul>
    </>
  );
}

function Row({ licence }: { licence: Licence }) {
  const { tokenOf, deployment } = useMarket();
  const token = tokenOf(licence.token);
  return (
    <li className="card row-card" data-testid="licence-row" data-id={licence.id}>
      <div className="row-head">
        <div>
          <h2><Link to={`/models/${licence.model}`}>{licence.modelTitle}</Link></h2>
          <p className="muted">Licence #{licence.id}</p>
        </div>
        {licence.valid
          ? <span className="ready"><CheckIcon />Valid</span>
          : <span className="tag warn">{licence.expires > 0 ? 'Expired' : 'Not valid now'}</span>}
      </div>
      <p className="tags">{licence.rights.map((right) => <span key={right} className="tag">{rightText(right)}</span>)}</p>
      <dl className="facts row">
        <div><dt>Bought</dt><dd><Day at={licence.issuedAt} /></dd></div>
        <div><dt>Until</dt><dd>{licence.expires === 0 ? 'for good' : <Day at={licence.expires} />}</dd></div>
        <div><dt>Paid</dt><dd>{dollars(licence.pricePaid, token.decimals)}</dd></div>
        {licence.seats > 1 && <div><dt>Seats</dt><dd>{licence.seats}</dd></div>}
        {licence.remaining > 0 && <div><dt>Calls left</dt><dd>{licence.remaining.toLocaleString('en')}</dd></div>}
      </dl>
      <details>
        <summary>Proof on {deployment.name}</summary>
        <dl className="facts">
          <div><dt>Token</dt><dd><Copyable value={`${deployment.contracts.Licences ?? ''} #${licence.id}`}>Licences #{licence.id}</Copyable></dd></div>
          <div><dt>Bought in</dt><dd><Copyable value={licence.transaction} /></dd></div>
          <div><dt>Terms (keccak)</dt><dd><Copyable value={licence.termsDigest} /></dd></div>
        </dl>
      </details>
    </li>
  );
}
