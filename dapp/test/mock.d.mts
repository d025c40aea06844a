// Of mock.mjs, what tests in TypeScript use.
type Channel = { balance: bigint; charged: bigint; last: { signedMaxClaimable: string } | null };

export class MockNode {
  url: string;
  channels: Map<string, Channel>;
  start(): Promise<this>;
  close(): void;
  pay(address: string, amount: bigint): void;
  balance(address: string): bigint;
}
