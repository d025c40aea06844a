// "Sign-In with Ethereum" (EIP-4361): proves to the node who asks, costs nothing, moves nothing.
import { stringToHex, type Address, type Hex } from 'viem';
import { createSiweMessage } from 'viem/siwe';
import type { Api } from './api';
import type { OnStep } from './step';
import { ask, type Provider } from './wallet';

const VALID_MS = 10 * 60 * 1000;

export function signInMessage(
  { address, chainId, nonce, origin, now }:
  { address: Address; chainId: number; nonce: string; origin: string; now: Date },
): string {
  return createSiweMessage({
    address, chainId, nonce, uri: origin, domain: new URL(origin).host, version: '1',
    statement: 'Sign in to this Stoa node. This costs nothing and moves no money.',
    issuedAt: now, expirationTime: new Date(now.getTime() + VALID_MS),
  });
}

export async function signIn(
  { api, provider, address, chainId, origin, onStep }: {
    api: Api; provider: Provider; address: Address; chainId: number; origin: string; onStep: OnStep;
  },
): Promise<{ address: Address; expiresAt: number }> {
  onStep({ at: 'preparing' });
  const { nonce } = await api.nonce();
  const message = signInMessage({ address, chainId, nonce, origin, now: new Date() });
  onStep({ at: 'waiting', what: 'signature' });
  const signature = await ask<Hex>(provider, 'personal_sign', [stringToHex(message), address]);
  onStep({ at: 'sent' });
  const session = await api.verify(message, signature);
  onStep({ at: 'idle' });
  return session;
}
