import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Address } from 'viem';
import { dollars } from '../../lib/amount';
import {
  buyByTransactions, buyLicence, licencePreview, marketOf, maxPriceOf, termsMatch,
} from '../../lib/licence';
import { moves } from '../../lib/price_now';
import type { ModelDetail, Offer } from '../../lib/types';
import { PromptList, TxState, useFlow, WalletPanel } from '../flow';
import { useMarket } from '../market';
import { Link } from '../router';
import { useBalance } from '../use_money';
import { useWallet } from '../wallet';
import { Dialog } from './dialog';
import { Faucet } from './faucet';
import { CheckIcon } from './icons';
import { MovingPrice } from './moving_price';
import { entitlementText, rightText } from './rights';
import { duration, shortAddress } from './text';

export function Offers({ model }: { model: ModelDetail }) {
  const { api } = useMarket();
  const { address } = useWallet();
  const { data: licences } = useQuery({
    queryKey: ['licences', address], queryFn: () => api.licences(address!), enabled: address !== null,
  });
  const held = licences?.filter((one) => one.model === model.id && one.valid) ?? [];
  const offers = model.offers.filter(({ active }) => active);
  return (
    <section aria-labelledby="offers-title" className="stack">
      <h2 id="offers-title" className="label">Licences</h2>
      {held.length > 0 && (
        <p className="notice good">
          <strong>You hold {held.length === 1 ? `licence #${held[0]?.id}` : `${held.length} licences`} of this model.</strong>
          <Link to="/licences">My licences</Link>
        </p>
      )}
      {offers.length === 0 && <p className="card muted">No licence is on sale. {model.served && 'Calls are paid one by one.'}</p>}
      {offers.map((offer) => <OfferCard key={offer.id} title={model.title} offer={offer} />)}
    </section>
  );
}

function OfferCard({ title, offer }: { title: string; offer: Offer }) {
  const { tokenOf } = useMarket();
  const { address, choose } = useWallet();
  const [buying, setBuying] = useState(false);
  const price = dollars(offer.price.amount, tokenOf(offer.price.token).decimals);
  return (
    <div className="card offer">
      <p className="price">{price} <small>{offer.period === 0 ? 'once, for good' : `for ${duration(offer.period)}`}</small></p>
      {moves(offer) && <MovingPrice offer={offer} />}
      <ul className="checks">
        {offer.rights.map((right) => <li key={right}><CheckIcon />{rightText(right)}</li>)}
        <li><CheckIcon />{entitlementText(offer.entitlement)}</li>
        {offer.calls > 0 && <li><CheckIcon />{offer.calls.toLocaleString('en')} prepaid calls</li>}
        {offer.seats > 1 && <li><CheckIcon />{offer.seats} seats</li>}
        <li><CheckIcon />{offer.transferable ? 'Can be passed on' : 'Stays with your address'}</li>
      </ul>
      <Terms offer={offer} />
      <button type="button" className="primary" data-testid="buy-licence"
        onClick={address ? () => setBuying(true) : choose}>
        Buy licence for {price}
      </button>
      <p className="small muted">One signature, no network fee. You see first what your wallet will show.</p>
      {buying && address && (
        <BuyDialog title={title} offer={offer} holder={address} close={() => setBuying(false)} />
      )}
    </div>
  );
}

function BuyDialog(
  { title, offer, holder, close }:
  { title: string; offer: Offer; holder: Address; close: () => void },
) {
  const { api, deployment, rpc, tokenOf } = useMarket();
  const queries = useQueryClient();
  const flow = useFlow();
  const [direct, setDirect] = useState(false);
  const token = tokenOf(offer.price.token);
  const { data: relay, isPending } = useQuery({
    queryKey: ['relay', holder, token.address], queryFn: () => api.relayTerms(holder, token.address),
    enabled: deployment.relay,
  });
  const relayed = deployment.relay && token.eip3009 && !direct;
  const fee = relayed && relay && relay.free <= 0 ? BigInt(relay.fees.order) : 0n;
  const limit = maxPriceOf(offer) + fee;
  const sum = dollars(limit, token.decimals);
  const balance = useBalance(token.address);
  const short = balance !== null && balance < limit;
  const bought = flow.step.at === 'confirmed' && !flow.running;

  const buy = () => flow.run(async ({ provider }, onStep) => {
    const purchase = { provider, deployment, token, offer, holder, onStep };
    if (relayed) await buyLicence({ ...purchase, api, relayFee: fee });
    else await buyByTransactions({ ...purchase, rpc });
    await Promise.all(['licences', 'money', 'model', 'relay'].map((key) =>
      queries.invalidateQueries({ queryKey: [key] })));
  });

  return (
    <Dialog title={bought ? 'Bought' : 'Buy a licence'}
      close={() => { flow.leave(); close(); }}>
      {!bought && (
        <>
          <p className="item">
            <span>{title}<small className="muted">{offer.period === 0 ? 'once, for good' : `for ${duration(offer.period)}`}</small></span>
            <strong className="price">{dollars(offer.price.amount, token.decimals)}</strong>
          </p>
          <p>
            {sentence(offer.rights.map(rightText))} {entitlementText(offer.entitlement)}. The terms
            are fixed with this purchase, and nobody can revoke it.
          </p>
          <PromptList prompts={relayed ? [`Pay ${sum}, no network fee`]
            : [`Allow ${sum}`, 'Buy: you pay the network fee']}
            after={fee > 0n ? `${dollars(fee, token.decimals)} of it is for carrying your signature.` : undefined} />
          {short && <p className="notice warn"><strong>Your wallet holds {dollars(balance, token.decimals)} of {token.name}.</strong></p>}
          {short && <Faucet address={holder} />}
          <button type="button" className="primary big" onClick={() => void buy()}
            disabled={flow.running || short || (relayed && isPending)}>
            {relayed ? `Sign to pay ${sum}` : `Pay ${sum} by two transactions`}
          </button>
        </>
      )}
      <TxState flow={flow} done="The licence is yours." />
      {bought && <Link to="/licences" className="button primary big">See my licences</Link>}
      {relayed && flow.step.at === 'failed' && (
        <button type="button" className="quiet" onClick={() => { setDirect(true); flow.reset(); }}>
          Buy without the node: two transactions
        </button>
      )}
      {relayed && !bought && (
        <WalletPanel step={flow.step} data={licencePreview(deployment, token, holder, limit)}
          meanings={{
            from: { means: 'your address' },
            to: { means: `the market contract, ${shortAddress(marketOf(deployment))}` },
            value: { means: `${sum}, the most that leaves your wallet` },
            validAfter: { means: 'valid at once' },
            validBefore: { means: 'for an hour', later: true },
            nonce: { means: 'commits to this offer, its terms and you as the holder', later: true },
          }}
          note="Your wallet shows sum and recipient; that sum is all you risk. The rest is committed in the nonce." />
      )}
    </Dialog>
  );
}

const sentence = (parts: string[]): string => {
  const text = parts.map((part) => part.charAt(0).toLowerCase() + part.slice(1)).join(', ');
  return text && `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
};

/** The legal text, proven to be the one that the offer names on chain. */
function Terms({ offer }: { offer: Offer }) {
  const { api } = useMarket();
  const [open, setOpen] = useState(false);
  const { data, error } = useQuery({
    queryKey: ['offer', offer.id], queryFn: () => api.offer(offer.id), enabled: open,
  });
  const text = data?.terms;
  return (
    <details className="terms" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Licence terms</summary>
      {error && <p className="muted">The terms could not be loaded.</p>}
      {!data && !error && <p className="muted">Loading…</p>}
      {data && !text && <p className="muted">This node does not hold the text. Its digest on chain is <code>{shortAddress(offer.termsDigest)}</code>.</p>}
      {text && !termsMatch(text, offer.termsDigest) && (
        <p className="notice bad"><strong>This is not the text that the offer names on chain.</strong><span>Do not buy here.</span></p>
      )}
      {text && <pre className="legal" tabIndex={0}>{text}</pre>}
      {text && termsMatch(text, offer.termsDigest) && <p className="small muted"><CheckIcon /> The text has the digest that the chain names.</p>}
    </details>
  );
}
