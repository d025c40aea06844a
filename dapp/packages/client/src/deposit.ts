// Opening a channel and filling it: what a paid route asks for, and the one signature of the wallet
// that moves a deposit into a channel which only that service can charge and only the buyer empty.
import { bytesToHex, hexToBigInt, type Address, type Hex } from 'viem';
import {
  authorizationTypedData, channelIdOf, DEPOSIT_COLLECTOR, depositNonce, type Authorization,
} from './channel.ts';
import { Problem, unreachable } from './problem.ts';
import type { StoredChannel } from './store.ts';
import type { ChannelConfig, Receiver, Token } from './types.ts';
import {
  channelRequirements, decodeHeader, PAYMENT_REQUIRED, type PaymentRequired, type Requirements,
} from './x402.ts';

/** How long the relay may take to carry a signature. */
const VALID_SECONDS = 3600n;

export type SessionTerms<S extends Receiver = Receiver> = {
  requirements: Requirements;
  service: S;
  /** What a typical call is offered at, and the least that a channel is opened with. */
  typicalCall: bigint;
  minDeposit: bigint;
  withdrawDelay: number;
};

/** What a paid route asks for, held against the services that the node lists. */
export async function sessionTerms<S extends Receiver>(
  url: string, services: S[], chainId: number, fetchFn: typeof fetch = fetch,
): Promise<SessionTerms<S>> {
  const response = await fetchFn(url).catch((cause: unknown) => {
    throw unreachable(cause);
  });
  await response.body?.cancel();
  const requirements = channelRequirements(
    decodeHeader<PaymentRequired>(response.headers.get(PAYMENT_REQUIRED)), chainId);
  if (!requirements) {
    throw new Problem(response.status, 'no_channel_offer',
      'This node does not take sessions for this model now.');
  }
  const same = (a?: string, b?: string) => a?.toLowerCase() === b?.toLowerCase();
  const { payTo, asset, extra, amount } = requirements;
  // A payee that no service lists would leave the creators without their share.
  const service = services.find((one) => same(one.receiver, payTo) && same(one.token, asset)
    && same(one.receiverAuthorizer, extra.receiverAuthorizer));
  if (!service || !extra.withdrawDelay) {
    throw new Problem(402, 'unknown_payee',
      'The node asks for payment to an account that this model\'s services do not name.',
      'Nothing was signed. Use another node for this model.');
  }
  return {
    requirements, service, typicalCall: BigInt(amount), minDeposit: BigInt(extra.minDeposit ?? '0'),
    withdrawDelay: extra.withdrawDelay,
  };
}

export const randomSalt = (): Hex => bytesToHex(crypto.getRandomValues(new Uint8Array(32)));

/** A channel of `payer` with the terms' service that doesn't hold anything yet. */
export function newChannel(
  { chainId, payer, payerAuthorizer, model, terms, now }: {
    chainId: number; payer: Address; payerAuthorizer: Address; model: string;
    terms: Pick<SessionTerms, 'service' | 'withdrawDelay'>; now: number;
  },
): StoredChannel {
  const { receiver, receiverAuthorizer, token, id: service } = terms.service;
  const config: ChannelConfig = {
    payer, payerAuthorizer, receiver, receiverAuthorizer, token,
    withdrawDelay: terms.withdrawDelay, salt: randomSalt(),
  };
  return {
    channelId: channelIdOf(chainId, config), chainId, payer, service, model, config, balance: '0',
    charged: '0', signedMax: '0', open: false, updatedAt: now,
  };
}

/** What the wallet signs to put `amount` into the channel, and how the node is asked to carry it. */
export function depositOf(
  { channel, token, amount, now }:
  { channel: StoredChannel; token: Token; amount: bigint; now: number },
) {
  const salt = randomSalt();
  const message: Authorization = {
    from: channel.payer, to: DEPOSIT_COLLECTOR, value: amount, validAfter: 0n,
    validBefore: BigInt(now) + VALID_SECONDS,
    nonce: depositNonce(channel.channelId, hexToBigInt(salt)),
  };
  return {
    data: authorizationTypedData(channel.chainId, token, message),
    body: (signature: Hex) => ({
      channelConfig: channel.config,
      deposit: {
        amount: amount.toString(),
        authorization: {
          erc3009Authorization: {
            validAfter: '0', validBefore: message.validBefore.toString(), salt, signature,
          },
        },
      },
    }),
  };
}
