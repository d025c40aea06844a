// The ways out of a purse: this device's key alone, everything by one signature, everything without
// a node.
import { exitTypedData, revokeTypedData, type PurseState } from '@stoa/client';
import type { Address } from 'viem';
import { dollars } from '../../../lib/amount';
import type { Token } from '../../../lib/types';
import { exitPurse, revokeKey } from '../../../lib/purse';
import { closePurse, leavePurse } from '../../../lib/refund';
import { PromptList, TxState, useFlow, WalletPanel } from '../../flow';
import { useMarket } from '../../market';
import { useRefreshMoney } from '../../use_purse';
import { Dialog } from '../dialog';
import { duration, shortAddress } from '../text';
import { tell } from '../toasts';
import type { PurseParts } from './purse_section';

type Props = PurseParts & { close: () => void };

/** Of this device's key, or of another's. */
export function RevokeDialog(
  { purse, token, revoked: key, own, close }:
  { purse: PurseState; token: Token; revoked: Address; own: boolean; close: () => void },
) {
  const { api, store, deployment } = useMarket();
  const refresh = useRefreshMoney();
  const flow = useFlow();
  const start = () => flow.run(async ({ provider, address: owner }, onStep) => {
    await revokeKey({ api, store, provider, deployment, token, owner, key, onStep });
    tell(`${own ? 'This' : 'That'} device can take nothing more out of your purse.`);
    close();
    await refresh();
  });
  return (
    <Dialog title={own ? 'End this device\'s access?' : `End the access of ${shortAddress(key)}?`} close={() => { flow.leave(); close(); }}>
      <p>
        Its key can take nothing more out of your purse, at once. What its open sessions hold stays
        usable, and comes back when you take it. Another signature lets it in again.
      </p>
      <PromptList prompts={[`End the key ${shortAddress(key)}, no network fee`]} />
      <button type="button" className="primary big" disabled={flow.running} onClick={() => void start()}>
        Sign to end its access
      </button>
      <TxState flow={flow} />
      <WalletPanel step={flow.step}
        data={revokeTypedData(deployment.chainId, purse.purse, key, BigInt(purse.nonce))}
        meanings={{ key: { means: own ? 'the key of this device' : 'the key of that device or program' }, nonce: { means: 'so that it counts once' } }} />
    </Dialog>
  );
}

export function ExitDialog({ purse, token, total, channels, close }: Props) {
  const { api, store, deployment } = useMarket();
  const refresh = useRefreshMoney();
  const flow = useFlow();
  const sum = dollars(total, token.decimals);
  const start = () => flow.run(async ({ provider, address: owner }, onStep) => {
    const { back, waiting } = await exitPurse({ api, store, provider, deployment, token, owner, onStep });
    tell(`${dollars(back, token.decimals)} is back in your wallet.${waiting > 0
      ? ` ${waiting === 1 ? 'One session' : `${waiting} sessions`} of other nodes can follow after ${duration(WAIT)}: take everything back once more then.` : ''}`);
    close();
    await refresh();
  });
  return (
    <Dialog title={`Take ${sum} back`} close={() => { flow.leave(); close(); }}>
      <p>
        Everything goes to your wallet: what the purse holds, and what is not charged in {channels.length === 0
          ? 'sessions' : channels.length === 1 ? 'its one session' : `its ${channels.length} sessions`}. The node claims what was charged, and
        carries it at its own cost. All devices lose their access; the next money that you put in gives it anew.
      </p>
      <PromptList prompts={[`Take everything out of your purse, ${sum}, no network fee`]} />
      <button type="button" className="primary big" disabled={flow.running} onClick={() => void start()}>
        Sign to take {sum} back
      </button>
      <TxState flow={flow} />
      <WalletPanel step={flow.step}
        data={exitTypedData(deployment.chainId, purse.purse, BigInt(purse.nonce))}
        meanings={{ nonce: { means: 'so that it counts once; everything of this purse goes to you, and nobody else' } }}
        note={`Your wallet names the contract it is for: your purse, ${shortAddress(purse.purse)}.`} />
    </Dialog>
  );
}

const WAIT = 3600;

/** The way out that needs no node: transactions of the wallet, a delay between them. */
export function PurseWithoutNode({ purse, channels, owner }: PurseParts & { owner: Address }) {
  const { rpc } = useMarket();
  const refresh = useRefreshMoney();
  const flow = useFlow();
  const act = (send: typeof leavePurse | typeof closePurse) => flow.run(async ({ provider }, onStep) => {
    await send({
      provider, rpc, owner, purse: purse.purse, onStep, configs: channels.map(({ config }) => config),
    });
    await refresh();
  });
  return (
    <details open={purse.leaving}>
      <summary>If no node answers</summary>
      <p className="muted">
        The contract itself pays you back. Your wallet pays the network fee of each transaction, and what is
        in sessions can be taken {duration(WAIT)} after it was asked for.
      </p>
      <ol className="steps">
        <li>
          <button type="button" className="quiet" disabled={purse.leaving || flow.running}
            onClick={() => void act(leavePurse)}>End all access</button>
          {purse.leaving && <span className="muted">done</span>}
        </li>
        <li>
          <button type="button" className="quiet" disabled={!purse.leaving || flow.running}
            onClick={() => void act(closePurse)}>Take what is there</button>
          <span className="muted">and ask for the rest; {duration(WAIT)} later, once more</span>
        </li>
      </ol>
      <TxState flow={flow} />
    </details>
  );
}
