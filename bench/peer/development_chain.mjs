import { createWalletClient, defineChain, http, nonceManager, publicActions } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';

export const NETWORK = 'eip155:1337';
export const CHAIN_ID = 1337;

/** Anvil's public test accounts: everybody's, so good for development chains alone. */
const MNEMONIC = 'test test test test test test test test test test test junk';
export const account = (addressIndex, more) =>
  mnemonicToAccount(MNEMONIC, { addressIndex, ...more });

const chain = () => defineChain({
  id: CHAIN_ID,
  name: 'Stoa development chain',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [process.env.RPC] } },
});

export const wallet = (index) => createWalletClient({
  account: account(index, { nonceManager }), chain: chain(), transport: http(process.env.RPC),
  pollingInterval: 20,
}).extend(publicActions);

/** For run.mjs: where we listen, and what we used. */
export function serve(app) {
  const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send({ us: user + system });
  });
  process.once('disconnect', () => process.exit());
}
