// Of mock.mjs, what tests in TypeScript use.
type Channel = { config: { salt: `0x${string}` }; balance: bigint; charged: bigint; last: { signedMaxClaimable: string } | null };

export class MockNode {
  url: string;
  channels: Map<string, Channel>;
  hasPurses: boolean;
  /** Calls that ran on a channel while another did. */
  overlaps: number;
  purses: {
    balance: (owner: string) => bigint;
    of: (owner: string) => { purse: string; nonce: number; keys: Map<string, {
      key: string; left: bigint; capPerDay: bigint; capPerService: bigint; expires: number; spends: number; today: bigint;
    }> };
  };
  start(): Promise<this>;
  close(): void;
  refund(channel: Channel): bigint;
  pay(address: string, amount: bigint): void;
  balance(address: string): bigint;
}
