import { setPolicyTypedData, type PurseState } from '@stoa/client';
import { useState, type ReactNode } from 'react';
import type { Address } from 'viem';
import { dollars } from '../../../lib/amount';
import { policyOf, setLimits } from '../../../lib/purse';
import type { OnStep } from '../../../lib/step';
import type { Token } from '../../../lib/types';
import { PromptList, TxState, useFlow, useLeaveOnClose, WalletPanel } from '../../flow';
import { useMarket } from '../../market';
import { useDeviceChannels, useRefreshMoney } from '../../use_purse';
import { duration, moment } from '../text';
import { NOBODY } from './fund_form';
import { LimitsFields, useLimits } from './limits';

type Props = {
  purse: PurseState;
  token: Token;
  lead: ReactNode;
  least: bigint;
  /** What follows, without the wallet. */
  then?: (owner: Address, sum: bigint, onStep: OnStep) => Promise<void>;
  done: string;
  inDialog?: boolean;
};

/** Lets this device spend what the purse holds: one signature that moves nothing. */
export function AllowForm({ purse, token, lead, least, then, done, inDialog = false }: Props) {
  const { api, store, deployment } = useMarket();
  const refresh = useRefreshMoney();
  const flow = useFlow();
  useLeaveOnClose(flow, inDialog);
  const { data: channels = [] } = useDeviceChannels();
  const [now] = useState(() => Math.floor(Date.now() / 1000));
  const cap = BigInt(purse.balance);
  const form = useLimits(purse, token, cap, least);
  const sum = dollars(cap, token.decimals);

  const start = () => flow.run(async ({ provider, address: owner }, onStep) => {
    try {
      await setLimits({
        api, store, provider, deployment, token, owner, limits: form.limits,
        onStep: (step) => onStep(then && step.at === 'confirmed' ? { at: 'sent' } : step),
      });
      await then?.(owner, cap, onStep);
    } finally {
      void refresh();
    }
  });

  const policy = policyOf(purse, token, form.limits, { key: purse.key?.key ?? NOBODY, channels, now });
  const money = (amount: bigint) => dollars(amount, token.decimals);
  return (
    <>
      {lead}
      <LimitsFields of={form} />
      <button type="button" className="primary big" data-testid="open-session"
        disabled={flow.running || form.trouble !== null} onClick={() => void start()}>
        Sign to let this device use {sum}
      </button>
      <TxState flow={flow} done={done} />
      <PromptList prompts={[`Let this device use ${sum} of your purse for ${duration(form.life)}: nothing moves`]} />
      <WalletPanel step={flow.step}
        data={setPolicyTypedData(deployment.chainId, purse.purse, policy, BigInt(purse.nonce))}
        meanings={{
          key: { means: 'a key that only this device has', later: !purse.key },
          token: { means: `what is spent: ${token.name}` },
          cap: { means: `in all ${money(policy.cap)}` },
          capPerDay: { means: `on one day (UTC) ${money(policy.capPerDay)}` },
          capPerService: { means: `for one model ${money(policy.capPerService)}` },
          expires: { means: `until ${moment(policy.expires)}`, later: true },
          services: { means: 'any model of this market, and nothing else' },
          nonce: { means: 'so that it counts once' },
        }} />
    </>
  );
}
