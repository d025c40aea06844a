// Transactions that the wallet itself sends, simulated first: MetaMask leaves Confirm enabled on a
// call that will fail.
import { numberToHex, type Address, type Hex } from 'viem';
import { Problem } from '@stoa/client';
import type { OnStep } from './step';
import { ask, type Provider } from './wallet';

type Send = {
  provider: Provider;
  rpc: Provider;
  from: Address;
  to: Address;
  data: Hex;
  onStep: OnStep;
  pause?: (ms: number) => Promise<void>;
};

const POLL_MS = 1000;
const MAX_POLLS = 600;

type Receipt = { status: Hex; blockNumber: Hex };

/** Returns once the transaction is in a block, or throws: a failed one is a Problem. */
export async function sendAndWait(
  { provider, rpc, from, to, data, onStep, pause = wait }: Send,
): Promise<{ transaction: Hex; block: number }> {
  const call = { from, to, data };
  const [native] = await Promise.all([
    ask<Hex>(rpc, 'eth_getBalance', [from, 'latest']),
    ask(rpc, 'eth_call', [call, 'latest']).catch((error: unknown) => {
      throw new Problem(0, 'would_fail', 'The contract would refuse this now; nothing was sent.',
        error instanceof Error ? error.message : undefined);
    }),
  ]);
  if (BigInt(native) === 0n) {
    throw new Problem(0, 'no_gas', 'Your wallet has no coin to pay the network fee.',
      'Send it a little of the network\'s coin, or let the node carry your signature instead.');
  }
  onStep({ at: 'waiting', what: 'transaction' });
  const transaction = await ask<Hex>(provider, 'eth_sendTransaction', [call]);
  onStep({ at: 'sent', transaction });
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const receipt = await ask<Receipt | null>(rpc, 'eth_getTransactionReceipt', [transaction])
      .catch(() => null);
    if (receipt) {
      const block = Number(receipt.blockNumber);
      if (receipt.status !== numberToHex(1)) {
        throw new Problem(0, 'reverted', `The transaction failed in block ${block}.`);
      }
      onStep({ at: 'confirmed', transaction, block });
      return { transaction, block };
    }
    await pause(POLL_MS);
  }
  throw new Problem(0, 'dropped', 'The network has not taken the transaction.',
    'It may have been replaced or dropped: look at your wallet\'s activity.');
}

const wait = (ms: number) => new Promise<void>((resolve) => { setTimeout(resolve, ms); });
