// A facilitator made of the packages: brings the deposits to the chain.
import express from 'express';
import { x402Facilitator } from '@x402/core/facilitator';
import { toFacilitatorEvmSigner } from '@x402/evm';
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/facilitator';
import { NETWORK, account, serve, wallet } from './development_chain.mjs';

const chain = wallet(0);
const signer = toFacilitatorEvmSigner({
  address: chain.account.address,
  readContract: (call) => chain.readContract({ ...call, args: call.args ?? [] }),
  verifyTypedData: (message) => chain.verifyTypedData(message),
  writeContract: (call) => chain.writeContract({ ...call, args: call.args ?? [] }),
  sendTransaction: (transaction) => chain.sendTransaction(transaction),
  waitForTransactionReceipt: (wanted) => chain.waitForTransactionReceipt(wanted),
  getCode: (wanted) => chain.getCode(wanted),
});
const facilitator = new x402Facilitator()
  .register(NETWORK, new BatchSettlementEvmScheme(signer, account(8)));
const app = express();
app.use(express.json({ limit: '1mb' }));
for (const action of ['verify', 'settle']) {
  app.post(`/${action}`, async (request, response) => {
    const { paymentPayload, paymentRequirements } = request.body;
    response.json(await facilitator[action](paymentPayload, paymentRequirements));
  });
}
app.get('/supported', (request, response) => response.json(facilitator.getSupported()));
serve(app);
