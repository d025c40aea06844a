import { fundingOf, type PurseState } from '@stoa/client';
import { useState, type ReactNode } from 'react';
import type { Address } from 'viem';
import { dollars, parseAmount, plain } from '../../../lib/amount';
import { fundPurse, policyOf } from '../../../lib/purse';
import type { OnStep } from '../../../lib/step';
import type { Token } from '../../../lib/types';
import { PromptList, TxState, useFlow, useLeaveOnClose, WalletPanel } from '../../flow';
import { useMarket } from '../../market';
import { useBalance } from '../../use_money';
import { useDeviceChannels, useRefreshMoney } from '../../use_purse';
import { useWallet } from '../../wallet';
import { Faucet } from '../faucet';
import { SumField } from '../sum_field';
import { shortAddress } from '../text';
import { LimitsFields, PolicyLines, useLimits } from './limits';

export const NOBODY: Address = '0x0000000000000000000000000000000000000000';
const CHOICES = ['2.00', '5.00', '20.00'];

type Props = {
  purse: PurseState;
  token: Token;
  lead: ReactNode;
  /** The least that is worth to put in. */
  least: bigint;
  help: (sum: bigint) => ReactNode;
  /** What follows the funding, without the wallet. */
  then?: (owner: Address, sum: bigint, onStep: OnStep) => Promise<void>;
  done: string;
  inDialog?: boolean;
};

/** Puts money into the purse and says what this device may do with it: one signature. */
export function FundForm({ purse, token, lead, least, help, then, done, inDialog = false }: Props) {
  const { api, store, deployment } = useMarket();
  const { address } = useWallet();
  const refresh = useRefreshMoney();
  const flow = useFlow();
  useLeaveOnClose(flow, inDialog);
  const { data: channels = [] } = useDeviceChannels();
  const wallet = useBalance(token.address);
  const [now] = useState(() => Math.floor(Date.now() / 1000));
  const usual = parseAmount(CHOICES[1]!, token.decimals)!;
  const [typed, setTyped] = useState(usual < least ? plain(least, token.decimals) : CHOICES[1]!);
  const amount = parseAmount(typed, token.decimals);
  const held = BigInt(purse.balance);
  const form = useLimits(purse, token, held + (amount ?? 0n), least);
  const trouble = amount === null ? 'Enter a sum in dollars, such as 5.00.'
    : amount < least ? `At least ${dollars(least, token.decimals)}, so that opening and closing are worth their cost.`
      : wallet !== null && amount > wallet
        ? `Your wallet holds ${dollars(wallet, token.decimals)} of ${token.name}.` : null;
  const sum = dollars(amount ?? 0n, token.decimals);

  const start = () => flow.run(async ({ provider, address: owner }, onStep) => {
    const act = { api, store, provider, deployment, token, owner };
    try {
      await fundPurse({
        ...act, value: amount!, limits: form.limits,
        // What follows is part of the same wish: the page shows one way, not two.
        onStep: (step) => onStep(then && step.at === 'confirmed' ? { at: 'sent' } : step),
      });
      await then?.(owner, held + amount!, onStep);
    } finally {
      void refresh();
    }
  });

  const policy = policyOf(purse, token, form.limits, { key: purse.key?.key ?? NOBODY, channels, now });
  const { data } = fundingOf({
    chainId: deployment.chainId, token, owner: address ?? NOBODY, purse: purse.purse, policy,
    nonce: BigInt(purse.nonce), value: amount ?? 0n, now,
  });
  return (
    <>
      {lead}
      <SumField label="Sum for your purse" choices={CHOICES} value={typed} change={setTyped}
        trouble={trouble} help={help(held + (amount ?? 0n))} />
      <LimitsFields of={form} />
      {address && wallet !== null && amount !== null && wallet < amount && <Faucet address={address} />}
      <button type="button" className="primary big" data-testid="open-session"
        disabled={flow.running || trouble !== null || form.trouble !== null} onClick={() => void start()}>
        {address ? `Authorise ${sum}, refundable` : 'Connect a wallet to begin'}
      </button>
      <TxState flow={flow} done={done} />
      <PromptList prompts={[`Authorise ${sum} for your purse, refundable`]}
        after="One signature for every model: after it your wallet is not asked again, whatever you open." />
      <WalletPanel step={flow.step} data={data}
        meanings={{
          from: { means: 'your address', later: !address },
          to: { means: `your purse${address ? `, ${shortAddress(purse.purse)}` : ''}: a contract that pays models of this market and you, nobody else`, later: !address },
          value: { means: `${sum}: ${plain(amount ?? 0n, token.decimals)} ${token.symbol}` },
          validAfter: { means: 'valid at once' },
          validBefore: { means: 'to be carried within an hour', later: true },
          nonce: { means: 'commits to the limits below', later: true },
        }}>
        <p className="small muted">Your wallet shows sum and recipient; that sum is all you risk. The nonce commits to:</p>
        <PolicyLines policy={policy} token={token} />
      </WalletPanel>
    </>
  );
}
