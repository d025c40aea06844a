// A resource server as the packages' documentation writes it: one paid route, state in memory.
import express from 'express';
import { HTTPFacilitatorClient, x402ResourceServer } from '@x402/core/server';
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/server';
import { paymentMiddleware } from '@x402/express';
import { NETWORK, account, serve } from './development_chain.mjs';

const payTo = account(9).address;
const token = JSON.parse(process.env.TOKEN);
const facilitator = new HTTPFacilitatorClient({ url: process.env.FACILITATOR });
const server = new x402ResourceServer(facilitator).register(NETWORK,
  new BatchSettlementEvmScheme(payTo, {
    receiverAuthorizerSigner: account(8), withdrawDelay: 86400,
  }));
const price = {
  amount: '100', asset: token.address, extra: { name: 'Test USD', version: '1' },
};
const app = express();
app.disable('x-powered-by');
app.set('etag', false);
app.use(paymentMiddleware({
  'GET /paid': {
    accepts: { scheme: 'batch-settlement', price, network: NETWORK, payTo, maxTimeoutSeconds: 3600 },
    description: 'nothing', mimeType: 'application/json',
  },
}, server));
app.get('/paid', (request, response) => response.json({ ok: 1 }));
serve(app);
