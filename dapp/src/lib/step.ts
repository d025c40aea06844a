// Where an action with a wallet stands. The page shows each step and announces it.
import type { Hex } from 'viem';
import { Problem } from '@stoa/client';
import { WalletError, walletError, type TypedData } from './wallet';

export type Step =
  | { at: 'idle' }
  | { at: 'preparing' }
  /** The wallet asks its owner now. */
  | { at: 'waiting'; what: 'signature' | 'transaction' | 'network'; data?: TypedData }
  /** On its way: carried by the node, or sent by the wallet under this hash. */
  | { at: 'sent'; transaction?: Hex }
  | { at: 'confirmed'; transaction: Hex; block: number }
  | { at: 'refused'; message: string }
  | { at: 'failed'; message: string; fix?: string };

export type OnStep = (step: Step) => void;

export const isRunning = ({ at }: Step): boolean =>
  at === 'preparing' || at === 'waiting' || at === 'sent';

/** The step that an error ends an action in. A refusal by the owner is not a failure. */
export function stepOf(error: unknown): Step {
  if (error instanceof Problem) return { at: 'failed', message: error.message, fix: error.fix };
  const known = error instanceof WalletError ? error : null;
  if (known?.trouble === 'refused') return { at: 'refused', message: known.message };
  const trouble = known ?? walletError(error);
  if (trouble.trouble === 'refused') return { at: 'refused', message: trouble.message };
  return { at: 'failed', message: trouble.message, fix: trouble.fix };
}

/** What a step is called, for people. */
export function stepText(step: Step): string {
  switch (step.at) {
    case 'idle': return '';
    case 'preparing': return 'Preparing…';
    case 'waiting':
      return step.what === 'network'
        ? 'Your wallet asks about the network. Open it to continue.'
        : `Your wallet asks for ${step.what === 'signature' ? 'a signature' : 'a transaction'}. `
          + 'Open it to continue.';
    case 'sent':
      return step.transaction ? 'Sent. Waiting for the chain…' : 'Signed. The node is carrying it…';
    case 'confirmed': return `Done, in block ${step.block}.`;
    case 'refused': case 'failed': return step.message;
  }
}
