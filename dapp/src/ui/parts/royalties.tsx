import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId, useMemo, useState } from 'react';
import { dollars, parseAmount, plain, tokenAt } from '../../lib/amount';
import { percentOf, waysOf, type Royalties as Answer } from '../../lib/royalties';
import type { ModelDetail, Token } from '../../lib/types';
import { useMarket } from '../market';
import { Link } from '../router';
import { useWallet } from '../wallet';
import { Release } from './release';
import { Failure, Loading } from './states';
import { Copyable } from './text';
import { Ways } from './ways';

const USUAL = '5';

/** Who earns what of a model, through every level, before and after a sale that the reader chooses. */
export function Royalties({ model }: { model: ModelDetail }) {
  const { api, deployment, token: first } = useMarket();
  const sold = model.licencePrice;
  const priced = sold ? tokenAt(deployment.tokens, sold.token) : undefined;
  const token = priced ?? first;
  const service = model.services.find(({ id }) => id === model.price?.service) ?? model.services[0];
  const [calls, setCalls] = useState(sold === null && service !== undefined);
  const [typed, setTyped] = useState(sold && priced ? plain(BigInt(sold.amount), token.decimals) : USUAL);
  const [chosen, setChosen] = useState<string | null>(null);
  const amount = parseAmount(typed, token.decimals);
  const asked = {
    token: token.address, amount: amount === null ? undefined : amount.toString(),
    service: calls ? service?.id : undefined,
  };
  const { data, error, refetch } = useQuery({
    queryKey: ['royalties', model.id, asked], queryFn: () => api.royalties(model.id, asked),
    placeholderData: keepPreviousData,
  });
  const ways = useMemo(() => (data ? waysOf(data) : []), [data]);
  return (
    <div className="royalties">
      <Sale typed={typed} setTyped={setTyped} wrong={amount === null} calls={calls}
        setCalls={service ? setCalls : undefined} />
      {error && !data && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading what="who earns what" />}
      {data && (
        <>
          <Ways ways={ways} chosen={chosen} decimals={token.decimals}
            amount={data.amount === null ? null : BigInt(data.amount)} />
          <Table data={data} token={token} choose={setChosen} />
          <Bases data={data} />
          <Release key={token.address} data={data} token={token} />
        </>
      )}
    </div>
  );
}

type SaleProps = {
  typed: string;
  setTyped: (text: string) => void;
  wrong: boolean;
  calls: boolean;
  setCalls?: (calls: boolean) => void;
};

function Sale({ typed, setTyped, wrong, calls, setCalls }: SaleProps) {
  const id = useId();
  return (
    <div className="sale">
      {setCalls && (
        <div className="chips" role="group" aria-label="What is sold">
          <button type="button" className="chip" aria-pressed={!calls} onClick={() => setCalls(false)}>A licence</button>
          <button type="button" className="chip" aria-pressed={calls} onClick={() => setCalls(true)}>Calls</button>
        </div>
      )}
      <label className="amount">
        <span className="label">{calls ? 'Calls for' : 'A licence for'}</span>
        <span className="field">
          <span aria-hidden="true">$</span>
          <input data-testid="royalty-amount" inputMode="decimal" autoComplete="off" value={typed}
            aria-invalid={wrong} aria-describedby={wrong ? id : undefined}
            onChange={(event) => setTyped(event.target.value)} />
        </span>
      </label>
      {wrong && <p id={id} className="warn small">Write a sum, such as 5 or 0.25.</p>}
    </div>
  );
}

function Table({ data, token, choose }: { data: Answer; token: Token; choose: (account: string | null) => void }) {
  const { address } = useWallet();
  const sum = (units: bigint | string | undefined) => dollars(units ?? '0', token.decimals);
  const sold = data.amount !== null;
  const given = data.payees.reduce((all, { gets }) => all + BigInt(gets ?? '0'), 0n);
  const rest = sold ? BigInt(data.amount ?? '0') - given : 0n;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Who earns what">
      <table className="earnings" data-testid="royalty-table">
        <thead>
          <tr>
            <th scope="col">Who</th><th scope="col">Part</th>
            {sold && <><th scope="col">Of this sale</th><th scope="col">Then in all</th></>}
            <th scope="col">Paid out</th><th scope="col">Waiting</th>
          </tr>
        </thead>
        <tbody>
          {data.payees.map((payee) => (
            <tr key={payee.account} onMouseEnter={() => choose(payee.account)} onMouseLeave={() => choose(null)}
              onFocus={() => choose(payee.account)} onBlur={() => choose(null)}>
              <th scope="row">
                {payee.role && <span className="role">{payee.role}</span>}
                {payee.account.toLowerCase() === address?.toLowerCase() && <span className="tag">you</span>}
                <Copyable value={payee.account} />
              </th>
              <td>{percentOf(BigInt(payee.whole) * 1_000_000n)}</td>
              {sold && <><td><strong>{sum(payee.gets)}</strong></td><td>{sum(payee.after)}</td></>}
              <td>{sum(payee.claimed)}</td>
              <td>{sum(BigInt(payee.due) + BigInt(payee.transit))}</td>
            </tr>
          ))}
        </tbody>
        {sold && (
          <tfoot>
            <tr><th scope="row">All of them</th><td /><td><strong>{sum(given)}</strong></td><td /><td /><td /></tr>
          </tfoot>
        )}
      </table>
      {sold && (
        <p className="small muted">
          {rest === 0n ? 'Nothing is left over.' : rest > 0n
            ? `Each level rounds down to the last unit: ${sum(rest)} wait in the splits and are shared with the next payment.`
            : `${sum(-rest)} that earlier rounding left are shared with it.`}
        </p>
      )}
    </div>
  );
}

/** The models whose makers share in this one, and whether the list is all of it. */
function Bases({ data }: { data: Answer }) {
  const bases = data.splits.filter(({ model, kind }) => kind === 'model' && model !== data.model);
  const derived = data.sources.filter(({ kind, model }) => kind === 'model' && model !== data.model);
  if (bases.length === 0 && derived.length === 0 && data.complete) return null;
  return (
    <>
      {bases.length > 0 && (
        <p>
          Built on{' '}
          {bases.map(({ address, model, title }, index) => (
            <span key={address}>{index > 0 && ', '}<Link to={`/models/${model}`}>{title ?? `model #${model}`}</Link></span>
          ))}
          : their makers share in every sale and every call.
        </p>
      )}
      {derived.length > 0 && (
        <p>
          Paid also by{' '}
          {derived.map(({ address, model, title }, index) => (
            <span key={address}>{index > 0 && ', '}<Link to={`/models/${model}`}>{title ?? `model #${model}`}</Link></span>
          ))}
          , which {derived.length === 1 ? 'is' : 'are'} built on this one.
        </p>
      )}
      {!data.complete && <p className="muted small">There are more splits below than this page shows.</p>}
    </>
  );
}
