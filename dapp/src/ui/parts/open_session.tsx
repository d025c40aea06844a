import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { aboutCalls, dollars, parseAmount, plain } from '../../lib/amount';
import { DEPOSIT_COLLECTOR, type StoredChannel } from '@stoa/client';
import { openSession, sessionPreview, type ModelTerms } from '../../lib/session';
import type { ModelDetail, MoneyChannel } from '../../lib/types';
import { PromptList, TxState, useFlow, WalletPanel } from '../flow';
import { useMarket } from '../market';
import { Link } from '../router';
import { useBalance } from '../use_money';
import { useWallet } from '../wallet';
import { Faucet } from './faucet';
import { duration, shortAddress } from './text';
import type { Form } from './try';

const CHOICES = ['0.50', '1.00', '5.00'];
const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const NOBODY = '0x0000000000000000000000000000000000000000';

type Props = {
  model: ModelDetail;
  terms: ModelTerms;
  form: Form;
  foreign: MoneyChannel | null;
  opened: (session: StoredChannel) => void;
};

export function OpenSession({ model, terms, form, foreign, opened }: Props) {
  const { api, store, deployment, tokenOf } = useMarket();
  const { address } = useWallet();
  const queries = useQueryClient();
  const flow = useFlow();
  const token = tokenOf(terms.service.token);
  const balance = useBalance(token.address);
  const typical = model.price ? BigInt(model.price.typicalCall) : terms.typicalCall;
  const least = terms.minDeposit > terms.typicalCall ? terms.minDeposit : terms.typicalCall;
  const usual = parseAmount(CHOICES[1]!, token.decimals)!;
  const [typed, setTyped] = useState(usual < least ? plain(least, token.decimals) : CHOICES[1]!);
  const amount = parseAmount(typed, token.decimals);
  const trouble = amount === null ? 'Enter a sum in dollars, such as 1.00.'
    : amount < least ? `At least ${dollars(least, token.decimals)}, so that opening and closing are worth their cost.`
      : balance !== null && amount > balance
        ? `Your wallet holds ${dollars(balance, token.decimals)} of ${token.name}.` : null;
  const sum = dollars(amount ?? 0n, token.decimals);

  const start = () => flow.run(async ({ provider, address: payer }, onStep) => {
    const session = await openSession({
      api, store, provider, deployment, token, payer, terms, model: model.id, amount: amount!, onStep,
    });
    opened(session);
    void queries.invalidateQueries({ queryKey: ['money'] });
  });

  return (
    <div className="card open-session">
      <p>
        Put a sum aside for this model and {form === 'chat' ? 'chat with' : 'use'} it, without
        another question from your wallet. <strong>Whatever you do not use comes back.</strong>
      </p>
      {foreign && (
        <p className="notice">
          <strong>You have {dollars(foreign.refundable, token.decimals)} in a session whose key is not on this device.</strong>
          <span>Your wallet can <Link to="/money">take it back</Link> any time.</span>
        </p>
      )}
      <div className="amount-row">
        <label className="amount">
          <span className="label">Sum for this session</span>
          <span className="field">
            <span aria-hidden="true">$</span>
            <input data-testid="session-amount" inputMode="decimal" autoComplete="off" value={typed}
              aria-invalid={trouble !== null} aria-describedby="session-help"
              onChange={(event) => setTyped(event.target.value)} />
          </span>
        </label>
        <div className="chips" role="group" aria-label="Usual sums">
          {CHOICES.map((choice) => (
            <button key={choice} type="button" className="chip" aria-pressed={typed === choice}
              onClick={() => setTyped(choice)}>${choice}</button>
          ))}
        </div>
      </div>
      <p id="session-help" className={trouble ? 'warn' : 'muted'} aria-live="polite">
        {trouble ?? `${upper(aboutCalls(amount!, typical))}. Refundable at once, without a fee; from a node that is silent, after ${duration(terms.withdrawDelay)}.`}
      </p>
      {address && balance !== null && amount !== null && balance < amount && <Faucet address={address} />}
      <button type="button" className="primary big" data-testid="open-session"
        disabled={flow.running || trouble !== null} onClick={() => void start()}>
        {address ? `Authorise ${sum}, refundable` : 'Connect a wallet to begin'}
      </button>
      <TxState flow={flow} done="Your session is open." />
      <PromptList prompts={[`Authorise ${sum}, refundable`]}
        after="After that nothing: each call is signed by a key that this device makes and keeps." />
      <WalletPanel step={flow.step}
        data={sessionPreview(deployment, token, address ?? NOBODY, amount ?? 0n)}
        meanings={{
          from: { means: 'your address', later: !address },
          to: { means: `the deposit collector, ${shortAddress(DEPOSIT_COLLECTOR)}: it fills your channel and nothing else` },
          value: { means: `${sum}: ${plain(amount ?? 0n, token.decimals)} ${token.symbol}` },
          validAfter: { means: 'valid at once' },
          validBefore: { means: 'to be carried within an hour', later: true },
          nonce: { means: 'commits to this model\'s service, this device\'s key and your right to the rest', later: true },
        }}
        note="Your wallet shows sum and recipient; that sum is all you risk. The rest is committed in the nonce." />
    </div>
  );
}
