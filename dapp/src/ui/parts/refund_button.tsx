import { useState } from 'react';
import { dollars } from '../../lib/amount';
import { refund, refundRequest } from '../../lib/refund';
import type { MoneyChannel } from '../../lib/types';
import { PromptList, TxState, useFlow, WalletPanel } from '../flow';
import { useMarket } from '../market';
import { useRefreshMoney } from '../use_purse';
import { Dialog } from './dialog';
import { tell } from './toasts';

type Props = { channel: MoneyChannel; left?: bigint; done?: () => void };

/** Takes back what a channel has left, by one signature of the wallet that paid. */
export function RefundButton({ channel, left, done }: Props) {
  const { tokenOf } = useMarket();
  const [open, setOpen] = useState(false);
  const sum = dollars(left ?? channel.refundable, tokenOf(channel.config.token).decimals);
  return (
    <div>
      <button type="button" className="quiet" data-testid="refund"
        disabled={BigInt(channel.refundable) === 0n} onClick={() => setOpen(true)}>
        {channel.purse ? `Return ${sum} to your purse` : `Take ${sum} back`}
      </button>
      {open && <RefundDialog channel={channel} sum={sum} close={() => setOpen(false)} done={done} />}
    </div>
  );
}

function RefundDialog(
  { channel, sum, close, done }:
  { channel: MoneyChannel; sum: string; close: () => void; done?: () => void },
) {
  const { api, store, deployment, tokenOf } = useMarket();
  const refresh = useRefreshMoney();
  const flow = useFlow();
  const { decimals } = tokenOf(channel.config.token);
  const home = channel.purse ? 'purse' : 'wallet';
  const title = channel.purse ? `Return ${sum} to your purse` : `Take ${sum} back`;

  const start = () => flow.run(async ({ provider }, onStep) => {
    const back = await refund({ api, provider, deployment, channel, store, onStep });
    tell(`${dollars(back, decimals)} is back in your ${home}.`);
    close();
    done?.();
    await refresh();
  });
  return (
    <Dialog title={title} close={() => { flow.leave(); close(); }}>
      <p>
        The node claims what was charged and returns the rest to your {home}, at once and at its own cost. You need
        neither this device's key nor coin for the network.
      </p>
      <PromptList prompts={[`${title}, no network fee`]} />
      <button type="button" className="primary big" disabled={flow.running} onClick={() => void start()}>
        Sign to {channel.purse ? 'return' : 'take'} {sum}{channel.purse ? '' : ' back'}
      </button>
      <TxState flow={flow} />
      <WalletPanel step={flow.step} data={refundRequest(deployment, channel, 0)}
        meanings={{
          channelId: { means: 'this session' },
          amount: { means: 'all that is not charged' },
          nonce: { means: `your ${ordinal(BigInt(channel.refundNonce) + 1n)} refund from it` },
          validBefore: { means: 'for an hour', later: true },
        }} />
    </Dialog>
  );
}

function ordinal(n: bigint): string {
  const teens = n % 100n >= 11n && n % 100n <= 13n;
  const endings: Record<string, string> = { 1: 'st', 2: 'nd', 3: 'rd' };
  return `${n}${(!teens && endings[String(n % 10n)]) || 'th'}`;
}
