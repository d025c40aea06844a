// The public face of @stoa/client; docs/how-to/pay-from-code.md shows it at work.
export * from './channel.ts';
export * from './deposit.ts';
export * from './exclusive.ts';
export * from './fetch.ts';
export { onFreeLane, type LaneChoice } from './lanes.ts';
export * from './paid_call.ts';
export * from './pay_on.ts';
export * from './policy.ts';
export * from './problem.ts';
export * from './purse.ts';
export * from './purse_state.ts';
export * from './receipt.ts';
export * from './relay.ts';
export * from './sse.ts';
export * from './store.ts';
export * from './types.ts';
export * from './wallet_signer.ts';
export * from './x402.ts';
