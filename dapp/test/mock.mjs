// A node small enough to read: it answers what the page asks, checks every signature as the real one
// does, and keeps its money in memory. For the page's own tests only.
import { readFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  encodeAbiParameters, hashTypedData, keccak256, recoverTypedDataAddress,
} from 'viem';
import {
  AMOUNT, at, AUTHORIZER, CHAIN_ID, COLLECTOR, CONTRACTS, detail, FACETS_OF, GENESIS, modelOf, MODELS, MOVING_OFFER,
  MOVING_PRICES, OFFER, PROVIDER, RECEIVER, royalties, TERMS, TEXT, TOKEN,
} from './mock_market.mjs';
import { MockPurses, Refused } from './mock_purse.mjs';

export { CHAIN_ID, TOKEN } from './mock_market.mjs';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
// As stoa/gateway/page_routes.cpp has it.
const CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
  + "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
  + "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml',
};
const now = () => Math.floor(Date.now() / 1000);
const same = (a, b) => a.toLowerCase() === b.toLowerCase();

const CHANNEL_TYPES = {
  ChannelConfig: [['payer', 'address'], ['payerAuthorizer', 'address'], ['receiver', 'address'],
    ['receiverAuthorizer', 'address'], ['token', 'address'], ['withdrawDelay', 'uint40'], ['salt', 'bytes32']],
  Voucher: [['channelId', 'bytes32'], ['maxClaimableAmount', 'uint128']],
  ReceiveWithAuthorization: [['from', 'address'], ['to', 'address'], ['value', 'uint256'],
    ['validAfter', 'uint256'], ['validBefore', 'uint256'], ['nonce', 'bytes32']],
  RefundRequest: [['channelId', 'bytes32'], ['amount', 'uint128'], ['nonce', 'uint256'], ['validBefore', 'uint256']],
  Order: [['offer', 'uint256'], ['termsDigest', 'bytes32'], ['holder', 'address'], ['n', 'uint256'],
    ['token', 'address'], ['maxPrice', 'uint256'], ['deadline', 'uint256'], ['hall', 'uint256'],
    ['relayFee', 'uint256'], ['salt', 'bytes32']],
};
const typed = (name, primaryType, message, contract, version = '1') => ({
  domain: { name, version, chainId: CHAIN_ID, verifyingContract: contract }, primaryType, message,
  types: { [primaryType]: CHANNEL_TYPES[primaryType].map(([field, type]) => ({ name: field, type })) },
});

export class MockNode {
  channels = new Map();
  licences = [];
  wallets = new Map();
  sessions = new Map();
  calls = 0;
  overlaps = 0;
  /** A promise that streams wait for after their first words. */
  hold = null;
  block = 100;
  models = [...MODELS];
  watchers = new Set();
  /** Called with the response before the next paid answer, to make it go wrong. */
  trouble = null;
  purses = new MockPurses(this, {
    chainId: CHAIN_ID, address: CONTRACTS.Purses, token: TOKEN.address, services: (id) => (id === '1' ? RECEIVER : at('c5')),
  });
  /** Every payee has drawn what was due. */
  released = false;
  /** As a chain without them has it. */
  hasPurses = true;

  async start() {
    this.server = createServer((request, response) => {
      this.#answer(request, response).catch((error) => {
        console.error('mock:', request.method, request.url, error);
        problem(response, 500, 'internal', String(error));
      });
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://localhost:${this.server.address().port}`;
    return this;
  }

  /** An event of the chain, to every page that watches. */
  tell(kind) { for (const watcher of this.watchers) watcher.write(`event: ${kind}\ndata: {}\n\n`); }

  close() { this.server.closeAllConnections(); this.server.close(); }

  balance(address) { return this.wallets.get(address.toLowerCase()) ?? 0n; }
  pay(address, amount) { this.wallets.set(address.toLowerCase(), this.balance(address) + amount); }

  async #answer(request, response) {
    const url = new URL(request.url, this.url);
    const route = `${request.method} ${url.pathname}`;
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks)) : null;
    if (url.pathname.startsWith('/m/')) return this.#inference(request, response, url, body);
    switch (route) {
      case 'GET /api/deployment': return json(response, {
        chainId: CHAIN_ID, name: 'Stoa Dev', rpcUrl: `${this.url}/rpc/${CHAIN_ID}`, genesisHash: GENESIS, block: this.block,
        nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, tokens: [TOKEN], faucet: true, relay: true,
        contracts: { ...CONTRACTS, ...(!this.hasPurses && { Purses: undefined }) },
      });
      case 'GET /api/purse': return json(response, this.purses.state(url.searchParams.get('owner'), url.searchParams.get('key')));
      case 'GET /api/models': return json(response, this.#search(url.searchParams));
      case 'GET /api/offers/1': return json(response, { ...OFFER, terms: TERMS });
      case 'GET /api/offers/2': return json(response, { ...MOVING_OFFER, terms: TERMS });
      case 'GET /api/offers/2/prices': return json(response, MOVING_PRICES);
      case 'GET /api/licences': return json(response, {
        items: this.licences.filter(({ holder }) => same(holder, url.searchParams.get('owner'))),
      });
      case 'GET /api/money': if (url.searchParams.get('format') === 'csv') {
        response.writeHead(200, { 'content-type': 'text/csv' });
        return response.end('kind,amount\n');
      }
        return json(response, this.#money(url.searchParams.get('address')));
      case 'GET /v1/models': return json(response, { object: 'list', data: MODELS.filter(({ served }) => served).map((model) => ({
        id: model.alias, object: 'model', stoa: { name: model.name, canonicalId: model.canonicalId, version: 1, context: 4096,
          capabilities: model.alias === 'minilm' ? ['embedding'] : ['chat', 'completion'] },
      })) });
      case 'GET /api/relay': return json(response, { address: PROVIDER, fees: { order: '0', deposit: '0', exit: '0' }, free: 20 });
      case 'POST /api/relay': return this.#relay(response, body);
      case 'POST /api/faucet':
        this.pay(body.address, 100_000_000n);
        return json(response, { transaction: this.#mined(), amount: '100000000', token: TOKEN.address });
      case 'GET /api/auth/session': return problem(response, 401, 'not_signed_in', 'Nobody is signed in.');
      case 'GET /api/auth/nonce': return json(response, { nonce: 'abcdefgh12345678', expiresAt: now() + 300 });
      case 'POST /api/auth/verify': return json(response, { address: /0x[0-9a-fA-F]{40}/.exec(body.message)[0], expiresAt: now() + 3600 });
      case `POST /rpc/${CHAIN_ID}`: return json(response, { jsonrpc: '2.0', id: body.id, result: this.#rpc(body) });
      case 'GET /api/events':
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(': hello\n\n');
        this.watchers.add(response);
        return undefined;
      default:
    }
    const shares = /^\/api\/models\/(\w+)\/royalties$/.exec(url.pathname);
    if (shares) {
      const [amount, service] = ['amount', 'service'].map((name) => url.searchParams.get(name));
      return json(response, royalties(MODELS.find(({ id }) => id === shares[1]), { amount, service, drawn: this.released }));
    }
    const model = /^\/api\/models\/(.+)$/.exec(url.pathname);
    if (model) {
      const found = MODELS.find(({ id, alias, name }) => [id, alias, name].includes(decodeURIComponent(model[1])));
      return found ? json(response, detail(found)) : problem(response, 404, 'unknown_model', 'No such model is listed here.', 'Look for it under Discover.');
    }
    return page(response, url.pathname);
  }

  #mined() { this.block++; return `0x${this.block.toString(16).padStart(64, '0')}`; }

  #search(params) {
    const words = (params.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const named = this.models.filter((model) => words.every((word) => `${model.title} ${model.summary} ${model.tags}`.toLowerCase().includes(word)));
    const chosen = Object.entries(FACETS_OF).filter(([facet]) => params.has(facet));
    const passing = (but) => named.filter((model) => chosen.every(([facet, of]) => facet === but || of(model).some((value) => params.getAll(facet).includes(value))));
    const counts = (facet, of) => {
      const all = passing(facet).flatMap(of);
      return [...new Set(all)].map((value) => ({ value, count: all.filter((other) => other === value).length })).sort((one, other) => other.count - one.count);
    };
    const items = passing();
    return { items, next: null, total: items.length, facets: Object.fromEntries(Object.entries(FACETS_OF).map(([facet, of]) => [facet, counts(facet, of)])) };
  }

  #rpc({ method, params }) {
    switch (method) {
      case 'eth_getBlockByNumber': return { hash: GENESIS, number: '0x0' };
      case 'eth_getCode': return same(params[0], CONTRACTS.Market) ? '0x6001' : '0x';
      case 'eth_getBalance': return '0xde0b6b3a7640000';
      case 'eth_getLogs': return this.purses.logs(params[0].address, params[0].topics[0]);
      case 'eth_chainId': return `0x${CHAIN_ID.toString(16)}`;
      case 'eth_blockNumber': return `0x${this.block.toString(16)}`;
      // purseOf, else serviceOfReceiver
      case 'eth_call': if (same(params[0].to, CONTRACTS.Purses)) return `0x${this.purses.addressOf(`0x${params[0].data.slice(34, 74)}`).slice(2).padStart(64, '0')}`;
        return `0x${(params[0].data.toLowerCase().endsWith(RECEIVER.slice(2)) ? 1 : 2).toString(16).padStart(64, '0')}`;
      default: return null;
    }
  }

  #money(address) {
    const { purse } = this.purses.of(address);
    const mine = [...this.channels.values()].filter(({ config, balance, charged }) =>
      (same(config.payer, address) && balance > 0n) || (same(config.payer, purse) && balance > charged));
    const sum = (of) => mine.reduce((all, channel) => all + of(channel), 0n).toString();
    const items = mine.flatMap((channel) => {
      const item = {
        id: `rest:${channel.id}`, how: 'End the session.', transaction: `0x${'d0'.repeat(32)}`, partOf: null,
        kind: 'channel', side: 'buyer', token: TOKEN.address, where: CONTRACTS.Channels, until: null, state: 'refundable',
        amount: (channel.balance - channel.charged).toString(), why: `Put aside for calls of ${modelOf(channel.config).modelTitle}; nothing is using it.`,
        channel: {
          channelId: channel.id, config: channel.config, balance: channel.balance.toString(), charged: channel.charged.toString(), claimed: '0',
          refundable: (channel.balance - channel.charged).toString(), withdrawRequestedAt: 0, withdrawAmount: '0',
          refundNonce: channel.nonce.toString(), idleSince: now(), ...modelOf(channel.config), ...(same(channel.config.payer, purse) && { purse, owner: address, lane: Number(BigInt(channel.config.salt)) }),
        },
      };
      return channel.charged === 0n ? [item] : [item, { ...item, id: `charged:${channel.id}`, state: 'charged', amount: channel.charged.toString(), why: 'Charged and not yet claimed by the provider.' }];
    });
    items.unshift(...this.purses.items(address));
    const inPurse = this.balance(purse);
    return {
      address, native: '0', items, tokens: [{
        token: TOKEN.address, symbol: TOKEN.symbol, decimals: 6, wallet: this.balance(address).toString(), locked: (BigInt(sum((c) => c.balance)) + inPurse).toString(),
        charged: sum((c) => c.charged), refundable: (BigInt(sum((c) => c.balance - c.charged)) + inPurse).toString(), transit: '0', earned: '0', claimable: '0', claimed: '0',
      }],
    };
  }

  async #relay(response, body) {
    const refuse = (why) => problem(response, 422, 'refused', why);
    const authorization = async (from, to, value, validBefore, nonce, signature) => same(from, await recoverTypedDataAddress({
      ...typed(TOKEN.name, 'ReceiveWithAuthorization', { from, to, value, validAfter: 0n, validBefore, nonce }, TOKEN.address), signature,
    }));
    const done = (answer) => json(response, { transaction: this.#mined(), block: this.block, ...answer });
    try {
      switch (body.kind) {
        case 'purse_fund': return done(await this.purses.fund(body, authorization));
        case 'purse_policy': return done(await this.purses.policy(body));
        case 'purse_revoke': return done(await this.purses.revoke(body));
        case 'purse_exit': return done(await this.purses.exit(body));
        case 'release':
          if (this.released) return problem(response, 409, 'nothing_due', 'Nothing waits to be paid out.');
          this.released = true;
          return done({ amount: '10000001' });
        default:
      }
      const { channelConfig: config, deposit: { amount, authorization: { purseSpend } = {} } = {} } = body;
      if (purseSpend) {
        const id = hashTypedData(typed('x402 Batch Settlement', 'ChannelConfig', config, CONTRACTS.Channels));
        await this.purses.spend(id, config, amount, purseSpend);
        return done(this.#deposited(id, config, BigInt(amount)));
      }
    } catch (error) {
      if (error instanceof Refused) return refuse(error.message);
      throw error;
    }
    if (body.kind === 'deposit') {
      const { channelConfig: config, deposit: { amount, authorization: { erc3009Authorization: a } } } = body;
      const id = hashTypedData(typed('x402 Batch Settlement', 'ChannelConfig', config, CONTRACTS.Channels));
      const nonce = keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint256' }], [id, BigInt(a.salt)]));
      if (!await authorization(config.payer, COLLECTOR, BigInt(amount), BigInt(a.validBefore), nonce, a.signature)) return refuse('The signature is not of this deposit.');
      if (this.balance(config.payer) < BigInt(amount)) return refuse('The wallet holds too little.');
      this.pay(config.payer, -BigInt(amount));
      return done(this.#deposited(id, config, BigInt(amount)));
    }
    if (body.kind === 'exit') {
      const { refundRequest: { channelId, amount, nonce, validBefore }, signature } = body;
      const channel = this.channels.get(channelId);
      const signer = await recoverTypedDataAddress({
        ...typed('Stoa Refund', 'RefundRequest', { channelId, amount: BigInt(amount), nonce: BigInt(nonce), validBefore: BigInt(validBefore) }, CONTRACTS.Channels), signature,
      });
      if (!channel || !same(signer, this.purses.at(channel.config.payer)?.owner ?? channel.config.payer) || BigInt(nonce) !== channel.nonce) return refuse('The signature is not of this refund.');
      return done({ channelId, amount: this.refund(channel).toString() });
    }
    const { order, authorization: a } = body;
    const message = Object.fromEntries(Object.entries(order).map(([key, value]) => [key, /^\d+$/.test(value) ? BigInt(value) : value]));
    const nonce = hashTypedData(typed('Stoa Market', 'Order', message, CONTRACTS.Market));
    if (!await authorization(a.from, CONTRACTS.Market, message.maxPrice, BigInt(a.validBefore), nonce, a.signature)) return refuse('The signature is not of this order.');
    if (this.balance(a.from) < message.maxPrice) return refuse('The wallet holds too little.');
    this.pay(a.from, -5_000_000n);
    const id = String(this.licences.length + 1);
    const transaction = this.#mined();
    this.licences.push({
      id, offer: '1', model: '1', modelTitle: 'Medical summaries', holder: order.holder, issuedAt: now(), expires: 0, remaining: 0, seats: 1,
      rights: OFFER.rights, pricePaid: '5000000', token: TOKEN.address, valid: true, renewable: false, termsDigest: OFFER.termsDigest, transaction,
    });
    return json(response, { transaction, block: this.block, licences: [id], price: '5000000' });
  }

  #deposited(id, config, amount) {
    const channel = this.channels.get(id) ?? { id, config, balance: 0n, charged: 0n, nonce: 0n, last: null };
    channel.balance += amount;
    this.channels.set(id, channel);
    return { channelId: id, balance: channel.balance.toString() };
  }

  /** What isn't charged goes back to the payer. A purse's channel goes on where it stood. */
  refund(channel) {
    const back = channel.balance - channel.charged;
    this.pay(channel.config.payer, back);
    channel.balance = this.purses.at(channel.config.payer) ? channel.charged : 0n;
    channel.nonce++;
    return back;
  }

  async #inference(request, response, url, body) {
    const [, , name, ...rest] = url.pathname.split('/');
    const model = MODELS.find(({ alias, id }) => alias === name || id === name);
    const own = detail(model).services[0];
    const accepted = {
      scheme: 'batch-settlement', network: `eip155:${CHAIN_ID}`, amount: model.id === '1' ? AMOUNT : '15', asset: TOKEN.address, payTo: own.receiver,
      maxTimeoutSeconds: 600, extra: { name: TOKEN.name, version: TOKEN.version, receiverAuthorizer: AUTHORIZER, withdrawDelay: 3600, minDeposit: '50000' },
    };
    const required = (error, extra = {}) => {
      response.writeHead(402, { 'content-type': 'application/json', 'payment-required': base64({
        x402Version: 2, error, resource: { url: url.href }, accepts: [{ ...accepted, extra: { ...accepted.extra, ...extra } }],
      }) });
      response.end('{}');
    };
    const header = request.headers['payment-signature'];
    if (!header) return required('Payment required');
    const { payload: { channelConfig, voucher } } = JSON.parse(Buffer.from(header, 'base64'));
    const channel = this.channels.get(hashTypedData(typed('x402 Batch Settlement', 'ChannelConfig', channelConfig, CONTRACTS.Channels)));
    const max = BigInt(voucher.maxClaimableAmount);
    const signer = await recoverTypedDataAddress({
      ...typed('x402 Batch Settlement', 'Voucher', { channelId: voucher.channelId, maxClaimableAmount: max }, CONTRACTS.Channels), signature: voucher.signature,
    });
    if (!channel || !same(signer, channelConfig.payerAuthorizer)) return required('invalid_batch_settlement_evm_voucher_signature');
    if (max !== channel.charged + BigInt(accepted.amount)) {
      return required('invalid_batch_settlement_evm_cumulative_amount_mismatch', {
        channelState: this.#state(channel), ...(channel.last && { voucherState: channel.last }),
      });
    }
    if (max > channel.balance) return required('invalid_batch_settlement_evm_cumulative_exceeds_balance');
    channel.last = { signedMaxClaimable: max.toString(), signature: voucher.signature };
    this.calls++;
    if (rest.join('/') === 'v1/embeddings') {
      channel.charged += 12n;
      return json(response, { data: [{ index: 0, embedding: [1, 0.2, 0] }, { index: 1, embedding: [0.9, 0.4, 0.1] }] }, { 'payment-response': base64(this.#settled(channel, 12n)) });
    }
    return this.#stream(request, response, channel, body);
  }

  async #stream(request, response, channel, body) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'private' });
    const send = (data) => response.write(`data: ${JSON.stringify(data)}\n\n`);
    if (this.trouble) {
      const trouble = this.trouble;
      this.trouble = null;
      send({ choices: [{ delta: { content: 'Half' } }] });
      send(trouble);
      return response.end();
    }
    // A channel is charged call by call: nobody may run two at once.
    if (channel.running) this.overlaps++;
    channel.running = true;
    response.once('close', () => { channel.running = false; });
    const words = TEXT.split(/(?<= )/);
    for (const [index, content] of words.entries()) {
      if (response.destroyed) break;
      send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
      if (index === 5) await this.hold;
      if (index % 6 === 5) await new Promise((resolve) => { setTimeout(resolve, 30); });
    }
    send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    send({ choices: [], usage: { prompt_tokens: body.messages.length * 9, completion_tokens: words.length } });
    const charge = 271n;
    channel.charged += charge;
    if (request.headers['stoa-stream'] === '1') response.write(`event: stoa.receipt\ndata: ${JSON.stringify(this.#settled(channel, charge))}\n\n`);
    response.write('data: [DONE]\n\n');
    return response.end();
  }

  #state(channel) {
    return { channelId: channel.id, balance: channel.balance.toString(), totalClaimed: '0', withdrawRequestedAt: 0, refundNonce: channel.nonce.toString(), chargedCumulativeAmount: channel.charged.toString() };
  }

  #settled(channel, charge) {
    return { success: true, payer: channel.config.payer, transaction: '', network: `eip155:${CHAIN_ID}`, amount: '', extra: { channelState: this.#state(channel), chargedAmount: charge.toString() } };
  }
}

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64');

function json(response, value, headers = {}) {
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

function problem(response, status, code, detail, fix) {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ title: code, status, detail, code, fix }));
}

function page(response, pathname) {
  const file = join(DIST, pathname);
  const found = extname(pathname) && file.startsWith(DIST) && existsSync(file) ? file : join(DIST, 'index.html');
  response.writeHead(200, { 'content-type': TYPES[extname(found)] ?? 'application/octet-stream', 'content-security-policy': CSP });
  response.end(readFileSync(found));
}
