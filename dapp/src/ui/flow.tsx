// An action that asks the wallet: one at a time on the page, each with its prompts listed beforehand,
// what the wallet will show, and where it stands.
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Address } from 'viem';
import { addPending, removePending } from '../lib/pending';
import { isRunning, stepOf, stepText, type OnStep, type Step } from '../lib/step';
import { chainIdOf, useChain as bringToChain, type Provider, type TypedData } from '../lib/wallet';
import { panelRows, type Meaning } from '../lib/wallet_panel';
import { useMarket } from './market';
import { Copyable } from './parts/text';
import { useWallet } from './wallet';

export type FlowAct<T> =
  (wallet: { provider: Provider; address: Address }, onStep: OnStep) => Promise<T>;

/** A wallet queues what it is asked, and people answer the wrong one: the one that is asked now. */
let asking: symbol | null = null;

/** Thrown where an action goes on that its owner has given up. */
class GivenUp extends Error {}

export function useFlow() {
  const { deployment, rpc } = useMarket();
  const wallet = useWallet();
  const [step, setStep] = useState<Step>({ at: 'idle' });

  /** Undefined where it didn't come to an end; the step says why. */
  async function run<T>(act: FlowAct<T>, { chain = true } = {}): Promise<T | undefined> {
    if (!wallet.address) {
      wallet.choose();
      return undefined;
    }
    if (asking) {
      setStep({
        at: 'failed', message: 'Your wallet is already being asked something on this page.',
        fix: 'Answer it there first.',
      });
      return undefined;
    }
    const own = Symbol('action');
    asking = own;
    const from = wallet.address;
    const onStep = (next: Step) => {
      remember(next, deployment.chainId, from);
      if (asking !== own) throw new GivenUp();
      setStep(next);
    };
    try {
      onStep({ at: 'preparing' });
      const provider = await wallet.provider();
      if (chain) {
        if (await chainIdOf(provider) !== deployment.chainId) onStep({ at: 'waiting', what: 'network' });
        await bringToChain(provider, deployment, location.origin, rpc);
        onStep({ at: 'preparing' });
      }
      return await act({ provider, address: from }, onStep);
    } catch (error) {
      if (asking === own) setStep(stepOf(error));
      return undefined;
    } finally {
      if (asking === own) asking = null;
    }
  }

  /** A wallet that never answers must not hold the page; what it signs later is not sent. */
  const giveUp = () => {
    asking = null;
    setStep({ at: 'refused', message: 'Not waiting any longer. If your wallet still asks, decline it there.' });
  };
  /** Of a dialogue that closes. */
  const leave = () => { if (step.at === 'waiting') giveUp(); };
  return { step, run, giveUp, leave, running: isRunning(step), reset: () => setStep({ at: 'idle' }) };
}

export type Flow = ReturnType<typeof useFlow>;

/** Of what stands in a dialogue: closed while the wallet asks, it is given up. */
export function useLeaveOnClose(flow: Flow, inDialog: boolean): void {
  const latest = useRef(flow);
  useEffect(() => { latest.current = flow; });
  useEffect(() => () => { if (inDialog) latest.current.leave(); }, [inDialog]);
}

/** A sent transaction outlives the page; see parts/pending_list. */
function remember(step: Step, chainId: number, from: Address): void {
  if (!('transaction' in step) || !step.transaction) return;
  const { transaction } = step;
  if (step.at === 'sent') {
    addPending(localStorage, { transaction, chainId, from, sentAt: Math.floor(Date.now() / 1000) });
  } else {
    removePending(localStorage, transaction);
  }
}

/** The prompts that will come, in order, before anything is pressed. */
export function PromptList({ prompts, after }: { prompts: string[]; after?: string }) {
  const { deployment } = useMarket();
  const { address, chainId } = useWallet();
  const all = [
    ...(address ? [] : ['Connect']),
    ...(address && chainId === deployment.chainId ? [] : [`Add or choose the network “${deployment.name}”`]),
    ...prompts,
  ];
  return (
    <div className="prompts">
      <p className="label">{all.length === 1 ? 'Your wallet will ask once' : 'Your wallet will ask'}</p>
      <ol data-testid="prompt-list">
        {all.map((prompt) => <li key={prompt}>{prompt}</li>)}
      </ol>
      {after && <p className="muted small">{after}</p>}
    </div>
  );
}

/** The wallet's own screen, row by row, made from what it is sent. */
export function WalletPanel(
  { data, meanings, step, note, children }:
  { data: TypedData; meanings: Record<string, Meaning>; step: Step; note?: string; children?: ReactNode },
) {
  const { deployment } = useMarket();
  const asked = step.at === 'waiting' && step.data ? step.data : null;
  const rows = panelRows(asked ?? data, asked ? settled(meanings) : meanings);
  return (
    <details className="panel" open={asked !== null}>
      <summary>What your wallet will show</summary>
      <p className="small muted">
        “Signature request” from {location.host}, on {deployment.name}: a signature, no transaction,
        no fee. Refuse it if it shows anything else.
      </p>
      <table>
        <thead><tr><th scope="col">Your wallet shows</th><th scope="col">It means</th></tr></thead>
        <tbody>
          {rows.map(({ label, shown, means }) => (
            <tr key={label}>
              <td><span className="muted">{label}:</span> <code>{shown}</code></td>
              <td>{means}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {note && <p className="small muted">{note}</p>}
      {children}
    </details>
  );
}

const settled = (meanings: Record<string, Meaning>): Record<string, Meaning> =>
  Object.fromEntries(Object.entries(meanings).map(([name, { means }]) => [name, { means }]));

/** Where an action stands, told as it changes. */
export function TxState({ flow: { step, reset, giveUp }, done }: { flow: Flow; done?: string }) {
  const tone = step.at === 'failed' ? 'bad' : step.at === 'confirmed' ? 'good' : '';
  return (
    <div className="state" aria-live="polite" data-testid="tx-state" data-state={step.at}>
      {step.at !== 'idle' && (
        <div className={`notice ${tone}`}>
          <strong>
            {isRunning(step) && <span className="spinner" />}
            {step.at === 'confirmed' && done ? done : stepText(step)}
          </strong>
          {step.at === 'failed' && step.fix && <span>{step.fix}</span>}
          {'transaction' in step && step.transaction && (
            <span className="small">Transaction <Copyable value={step.transaction} /></span>
          )}
          {step.at === 'waiting' && (
            <button type="button" className="bare small" onClick={giveUp}>Stop waiting</button>
          )}
          {(step.at === 'failed' || step.at === 'refused') && (
            <button type="button" className="bare small" onClick={reset}>Dismiss</button>
          )}
        </div>
      )}
    </div>
  );
}
