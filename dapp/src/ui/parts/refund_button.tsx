import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { dollars } from '../../lib/amount';
import { refund, refundRequest } from '../../lib/refund';
import type { MoneyChannel } from '../../lib/types';
import { PromptList, TxState, useFlow, WalletPanel } from '../flow';
import { useMarket } from '../market';
import { Dialog } from './dialog';

type Props = { channel: MoneyChannel; left?: bigint; done?: () => void; compact?: boolean };

/** Takes back what a channel has left, by one signature of the wallet that paid. */
export function RefundButton({ channel, left, done, compact = false }: Props) {
  const { api, store, deployment, tokenOf } = useMarket();
  const queries = useQueryClient();
  const flow = useFlow();
  const [explained, setExplained] = useState(false);
  const token = tokenOf(channel.config.token);
  const sum = dollars(left ?? channel.refundable, token.decimals);

  const start = () => flow.run(async ({ provider }, onStep) => {
    await refund({ api, provider, deployment, channel, store, onStep });
    await queries.invalidateQueries({ queryKey: ['money'] });
    done?.();
  });
  const details = (
    <>
      <PromptList prompts={[`Sign: take back ${sum}, no network fee`]} />
      <WalletPanel step={flow.step} data={refundRequest(deployment, channel, 0)}
        meanings={{
          channelId: { means: 'this session' },
          amount: { means: 'all that is not charged' },
          nonce: { means: `your ${ordinal(BigInt(channel.refundNonce) + 1n)} refund from it` },
          validBefore: { means: 'for an hour', later: true },
        }} />
    </>
  );
  return (
    <div className="stack refund">
      <div className="actions">
        <button type="button" className="quiet" data-testid="refund"
          disabled={flow.running || BigInt(channel.refundable) === 0n} onClick={() => void start()}>
          Take {sum} back
        </button>
        {compact && (
          <button type="button" className="bare small" onClick={() => setExplained(true)}>What will my wallet show?</button>
        )}
      </div>
      <TxState flow={flow} done={`${sum} came back.`} />
      {!compact && details}
      {explained && <Dialog title={`Take ${sum} back`} close={() => setExplained(false)}>{details}</Dialog>}
    </div>
  );
}

function ordinal(n: bigint): string {
  const teens = n % 100n >= 11n && n % 100n <= 13n;
  const ending = teens ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' } as const)[Number(n % 10n) as 1 | 2 | 3] ?? 'th';
  return `${n}${ending}`;
}
