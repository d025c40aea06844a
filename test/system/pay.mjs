// The unmodified x402 client, as its users set it up, with every wallet signature counted.
import { x402Client } from '@x402/core/client';
import { toClientEvmSigner } from '@x402/evm';
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/client';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { wrapFetchWithPayment } from '@x402/fetch';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

/** `scheme` is 'batch-settlement' or 'exact'; `deposit` in the token's smallest unit. */
export function payingFetch(market, wallet, { scheme = 'batch-settlement', deposit = '1000000' } = {}) {
  const network = `eip155:${market.deployment.chainId}`;
  const prompts = [];
  const signer = toClientEvmSigner({
    address: wallet.address,
    signTypedData: (message) => {
      prompts.push(message.primaryType);
      return wallet.signTypedData(message);
    },
  }, market.client);
  const session = privateKeyToAccount(generatePrivateKey());
  const client = scheme === 'exact'
    ? new ExactEvmScheme(signer)
    : new BatchSettlementEvmScheme(signer, {
      payerAuthorizer: session.address, voucherSigner: session, depositStrategy: () => deposit,
    });
  const allowedAssets = [
    { network, asset: market.token.address, maxAmountPerPayment: '1000000' },
  ];
  const x402 = x402Client.fromConfig({
    schemes: [{ network, client }], spendControls: { allowedAssets },
  });
  return { fetch: wrapFetchWithPayment(fetch, x402), prompts, session, scheme: client };
}
