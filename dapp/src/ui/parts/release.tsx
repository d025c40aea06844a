import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { CHANNELS } from '@stoa/client';
import { dollars } from '../../lib/amount';
import { releaseCall, type Royalties } from '../../lib/royalties';
import { isRunning, stepOf, type Step } from '../../lib/step';
import { sendAndWait } from '../../lib/transaction';
import type { Token } from '../../lib/types';
import { PromptList, TxState, useFlow } from '../flow';
import { useMarket } from '../market';
import { shortAddress } from './text';

/** Pays everybody what waits for them: anyone may, because it can go to nobody else. */
export function Release({ data, token }: { data: Royalties; token: Token }) {
  const { api, deployment, rpc } = useMarket();
  const queries = useQueryClient();
  const flow = useFlow();
  const [carried, setCarried] = useState<Step>({ at: 'idle' });
  const [own, setOwn] = useState(!deployment.relay);
  const waits = BigInt(data.pullable);
  const sum = dollars(waits, token.decimals);
  const refused = data.pulls.filter((pull) => pull.refused);
  const refresh = () => Promise.all(['royalties', 'money'].map((key) => queries.invalidateQueries({ queryKey: [key] })));

  const byNode = async () => {
    setCarried({ at: 'sent' });
    try {
      const { transaction, block } = await api.relay<object>('release', { model: data.model, token: data.token });
      setCarried({ at: 'confirmed', transaction, block });
      await refresh();
    } catch (error) {
      setCarried(stepOf(error));
    }
  };
  const byWallet = () => flow.run(async ({ provider, address: from }, onStep) => {
    const to = deployment.contracts.Multicall3;
    if (!to) throw new Error('This chain has no Multicall3: draw each share on the page of money.');
    const channels = deployment.contracts.Channels ?? CHANNELS;
    await sendAndWait({ provider, rpc, from, to, onStep, data: releaseCall(data, channels) });
    await refresh();
  });

  const shown = own ? flow : { ...flow, step: carried, reset: () => setCarried({ at: 'idle' }) };
  const running = isRunning(shown.step);
  return (
    <section className="release" aria-label="Pay out">
      {waits > 0n ? (
        <>
          <p><strong>{sum} wait to be paid out.</strong> Anyone may send them on, through every level at once: the contracts give each payee its own part, and nobody else anything.</p>
          <div className="actions">
            <button type="button" className="primary" data-testid="release" disabled={running}
              onClick={() => void (own ? byWallet() : byNode())}>Pay out {sum}</button>
            {deployment.relay && (
              <button type="button" className="quiet" disabled={running} onClick={() => setOwn(!own)}>
                {own ? 'Let the node send it' : 'Send it from my wallet'}
              </button>
            )}
          </div>
          {own ? <PromptList prompts={['Send a transaction: you pay the network fee']} />
            : <p className="small muted">No wallet, no signature, no fee: this node sends the transaction.</p>}
        </>
      ) : <p className="muted" data-testid="all-paid">Everybody is paid out.</p>}
      {refused.map(({ split, account, amount }) => (
        <p key={split + account} className="warn small">
          The token refuses to pay {shortAddress(account)}: {dollars(amount, token.decimals)} wait until that payee
          names another address. Nobody else waits for it.
        </p>
      ))}
      <TxState flow={shown} done="Everybody is paid." />
    </section>
  );
}
