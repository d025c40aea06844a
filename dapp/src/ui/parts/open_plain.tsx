import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { aboutCalls, dollars, parseAmount, plain } from '../../lib/amount';
import { DEPOSIT_COLLECTOR } from '@stoa/client';
import { openSession, sessionPreview } from '../../lib/session';
import { PromptList, TxState, useFlow, WalletPanel } from '../flow';
import { useMarket } from '../market';
import { useBalance } from '../use_money';
import { useWallet } from '../wallet';
import { Faucet } from './faucet';
import type { OpenProps } from './open_session';
import { SumField } from './sum_field';
import { duration, shortAddress } from './text';

const CHOICES = ['0.50', '1.00', '5.00'];
const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const NOBODY = '0x0000000000000000000000000000000000000000';

/** Where there is no purse: a deposit of the wallet's own for this one model. */
export function OpenPlain({ model, terms, form, opened }: OpenProps) {
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
    <>
      <p>
        Put a sum aside for this model and {form === 'chat' ? 'chat with' : 'use'} it, without
        another question from your wallet. <strong>Whatever you do not use comes back.</strong>
      </p>
      <SumField label="Sum for this session" choices={CHOICES} value={typed} change={setTyped} trouble={trouble}
        help={amount === null ? '' : `${upper(aboutCalls(amount, typical))}. Refundable at once, without a fee; from a node that is silent, after ${duration(terms.withdrawDelay)}.`} />
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
    </>
  );
}
