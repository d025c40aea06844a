// What the node of mock.mjs lists: three models, one offer, and who is paid.
import { keccak256, stringToBytes } from 'viem';

export const CHAIN_ID = 713371;
export const GENESIS = `0x${'9e'.repeat(32)}`;
export const at = (byte) => `0x${byte.repeat(20)}`;
export const CONTRACTS = {
  Channels: '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003', Market: at('a1'), Licences: at('a2'),
  ModelRegistry: at('a3'), Services: at('a4'), Splits: at('a5'), Purses: at('a6'),
  Multicall3: '0xcA11bde05977b3631167028862bE2a173976CA11',
};
export const COLLECTOR = '0x4020806089470a89826cB9fB1f4059150b550004';
export const TOKEN = {
  symbol: 'tUSD', name: 'Test USD', version: '1', address: at('b1'), decimals: 6, eip3009: true, permit: true,
};
export const RECEIVER = at('c1'), AUTHORIZER = at('c2'), PROVIDER = at('c3'), PAY_TO = at('c4');
export const CREATOR = '0x14dC79964da2C08b23698B3D3cc7Ca32193d9955';
export const TERMS = `LICENCE TERMS\n\n1. You may download, run and build on the model named in this offer.\n2. Later fixes are included.\n3. It is provided as it is.\n`;
export const TEXT = 'A summary in three points: the patient is stable, the dose was halved, and the next visit is in two weeks. Ask a physician before acting on it.';
export const PRICE = { token: TOKEN.address, perCall: '200', perMillionInput: '500000', perMillionOutput: '1500000' };
export const AMOUNT = '2100';
const same = (a, b) => a.toLowerCase() === b.toLowerCase();

const CARD = `# What it is for

A small model that turns long **clinical notes** into a few clear sentences. It was tuned on public
reports and *never* on data of patients.

## How it does

| test | score | before |
|---|---|---|
| ROUGE-L, discharge letters | 41.2 | 36.0 |
| Facts kept | 97 % | 91 % |

- Works on texts of up to 4,096 tokens
- Knows English and German
- Says when a text holds nothing to summarise

\`\`\`
POST /m/medsum/v1/chat/completions
\`\`\`

> Not a medical device. Have a physician read what it writes.

<script>alert(1)</script> and [a bad link](javascript:alert(1)) stay text.
![A chart](https://elsewhere.example/chart.png) [Paper](https://example.org/paper)`;

/** A manifest that says little; the others say more. */
const UNKNOWN = {
  capabilities: [], context: null, tools: null, reasoning: null, inputs: [], outputs: [], languages: [], domains: [],
  formats: [], quantisation: null, precision: null, parameters: null, architecture: null, size: null,
};
function summary(id, { abilities, ...fields }) {
  return {
    abilities: { ...UNKNOWN, ...abilities },
    id, canonicalId: `eip155:${CHAIN_ID}/erc721:${CONTRACTS.ModelRegistry}/${id}`, name: `${CREATOR}/${fields.slug}`,
    tags: [], licence: 'apache-2.0', creator: CREATOR, owner: CREATOR, version: 1, status: 'active',
    updatedAt: 1793000000, served: false, price: null, licencePrice: null, licences: 0, equalWeights: [], ...fields,
  };
}
export const MODELS = [
  summary('1', {
    alias: 'medsum', slug: 'medical-summaries', title: 'Medical summaries', task: 'text-generation',
    summary: 'Turns long clinical notes into a few clear sentences that keep every dose and date.',
    abilities: {
      capabilities: ['chat', 'completion'], context: 4096, tools: false, inputs: ['text'], outputs: ['text'],
      languages: ['en', 'de'], domains: ['medical'], formats: ['gguf'], quantisation: 'Q4_0', parameters: '1.1B', size: 668_788_096,
    },
    tags: ['medicine', 'summaries'], served: true, version: 2, licences: 41,
    price: { service: '1', ...PRICE, typicalCall: AMOUNT }, licencePrice: { offer: '1', token: TOKEN.address, amount: '5000000' },
  }),
  summary('2', {
    alias: 'minilm', slug: 'minilm', title: 'MiniLM sentence vectors', task: 'sentence-similarity', served: true,
    summary: 'Embeds sentences and short paragraphs in 384 dimensions, for search and grouping.', tags: ['search'],
    abilities: { capabilities: ['embedding'], context: 512, languages: ['en'], formats: ['gguf'], quantisation: 'F16', size: 46_220_288 },
    price: { service: '2', token: TOKEN.address, perCall: '10', perMillionInput: '20000', perMillionOutput: '0', typicalCall: '15' },
  }),
  summary('3', {
    slug: 'contracts-7b', title: 'Contract reader 7B', task: 'text-generation', licence: 'stoa-commercial',
    summary: 'Reads supply contracts and names the clauses that shift risk to the buyer.', tags: ['law'], licences: 3,
    licencePrice: { offer: '2', token: TOKEN.address, amount: '120000000' }, equalWeights: ['1'],
  }),
];
/** What the node derives from manifests and chain. */
export const FACETS_OF = {
  task: (m) => [m.task], licence: (m) => [m.licence], tag: (m) => m.tags, domain: (m) => m.abilities.domains,
  language: (m) => m.abilities.languages, format: (m) => m.abilities.formats, standing: (m) => [m.status],
  capability: (m) => [...m.abilities.capabilities, ...(m.abilities.tools ? ['tools'] : [])],
  terms: (m) => m.licencePrice ? ['perpetual'] : [],
  price: (m) => !m.price ? [] : [Number(m.price.typicalCall) < 1000 ? 'under-0.001' : '0.001-0.01'],
  size: (m) => !m.abilities.size ? [] : [m.abilities.size < 1e8 ? 'under-100MB' : '100MB-1GB'],
  served: (m) => m.served ? ['true'] : [],
};
export const OFFER = {
  id: '1', model: '1', seller: CREATOR, prices: [{ token: TOKEN.address, floor: '5000000', cap: '5000000' }],
  price: { token: TOKEN.address, amount: '5000000' }, period: 0, calls: 0, seats: 1, rights: ['download', 'run', 'commercial'],
  entitlement: 'fixes', transferable: true, termsDigest: keccak256(stringToBytes(TERMS)), active: true,
};
/** Its price follows demand: 20 % above the floor now, and another one is announced. */
export const MOVING_OFFER = {
  ...OFFER, id: '2', model: '3', prices: [{ token: TOKEN.address, floor: '100000000', cap: '400000000' }],
  price: { token: TOKEN.address, amount: '120000000' }, rights: ['run'], entitlement: 'updates', transferable: false,
};
export const MOVING_PRICES = {
  token: TOKEN.address, price: '120000000', floor: '100000000', cap: '400000000', renewalCap: '400000000',
  excess: '2630344055000000000', most: '20000000000000000000', targetPerDay: '2000000000', sensitivity: '14426950408',
  next: { prices: [{ token: TOKEN.address, floor: '150000000', cap: '150000000' }], targetPerDay: '0', sensitivity: '0', from: 1805000000 },
  sales: [['100000000', 1, 0], ['107177347', 1, 3600], ['319000000', 2, 90000]].map(([amount, n, after]) => ({
    time: 1793000000 + after, n, amount, excess: '1000000000000000000', transaction: `0x${'d4'.repeat(32)}`,
  })),
};
const OFFERS = { 1: [OFFER], 3: [MOVING_OFFER] };
const service = (id, price) => ({
  id, provider: PROVIDER, model: id, version: 1, endpoint: 'http://localhost', receiver: id === '1' ? RECEIVER : at('c5'),
  receiverAuthorizer: AUTHORIZER, validUntil: 1805000000, local: true, maxOutput: 256, context: 4096, ...price,
  payees: [{ account: PROVIDER, share: 700000 }, { account: PAY_TO, share: 300000 }],
});
const version = (number, kind, status) => ({
  number, kind, status, time: 1790000000 + number * 1000000, cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  manifestDigest: `0x${'d1'.repeat(32)}`, weightsDigest: `0x${'d2'.repeat(32)}`, transaction: `0x${'d3'.repeat(32)}`,
  files: [{ name: 'model.gguf', size: 668_788_096, sha256: 'ab'.repeat(32) }], available: true,
});
export function detail(model) {
  const served = MODELS.find(({ id }) => id === model.id);
  return {
    ...served, card: CARD, payTo: PAY_TO, offers: OFFERS[model.id] ?? [],
    versions: model.version === 2 ? [version(2, 'fix', 'active'), version(1, 'release', 'deprecated')] : [version(1, 'release', 'active')],
    payees: [{ account: CREATOR, share: 600000, kind: 'payee', label: 'Ada' },
      { account: '0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f', share: 250000, kind: 'payee' },
      { account: at('c9'), share: 150000, kind: 'parent', model: '2', label: 'Base model MiniLM' }],
    services: model.served ? [service(model.id, model.price)] : [], serving: 'open', callRoyaltyBps: 3000, parents: [],
  };
}

/**
 * As docs/reference/http.md has it, of two levels: the model's split and that of its base. `paid` is what came in so
 * far; all of it waits until `drawn`.
 */
export function royalties(model, { amount, service, drawn, paid = 10_000_001n }) {
  const BASE = at('c9'), [, second] = detail(model).payees;
  const split = (address, fields, payees) => ({ address, ...fields, payees, received: '0', waits: '0' });
  const sold = amount === null ? 0n : BigInt(amount);
  const part = (units, share) => (units * BigInt(share)) / 1_000_000n;
  const row = (account, share, whole, before, after, fields) => ({
    account, share, whole, kind: 'account', claimed: drawn ? `${before}` : '0', due: drawn ? '0' : `${before}`, transit: '0',
    before: `${before}`, gets: `${after - before}`, after: `${after}`, ...fields,
  });
  const top = service ? 300_000 : 1_000_000;
  const [old, all] = [part(paid, top), part(paid, top) + part(sold, top)];
  const of = (share, to, fields) => row(to, share, (top * share) / 1_000_000, part(old, share), part(all, share), fields);
  const base = [part(old, 150_000), part(all, 150_000)];
  const author = row(at('ca'), 1_000_000, (top * 150_000) / 1_000_000, ...base, { role: 'author' });
  const own = [of(600_000, CREATOR, { role: 'author' }), of(250_000, second.account, { role: 'data provider' })];
  const provider = row(PROVIDER, 700_000, 700_000, part(paid, 700_000), part(paid + sold, 700_000), { role: 'provider' });
  const splits = [
    ...(service ? [split(RECEIVER, { kind: 'service', service, level: 0, whole: 1_000_000 }, [provider, { ...of(1_000_000, PAY_TO), share: 300_000, kind: 'split' }])] : []),
    split(PAY_TO, { kind: 'model', model: model.id, title: model.title, name: model.name, level: service ? 1 : 0, whole: top },
      [...own, { ...of(150_000, BASE), kind: 'split' }]),
    split(BASE, { kind: 'model', model: '2', title: 'MiniLM sentence vectors', name: `${CREATOR}/minilm`, level: 1, whole: (top * 150_000) / 1_000_000 }, [author]),
  ];
  const people = [...(service ? [provider] : []), ...own, author];
  return {
    model: model.id, payTo: PAY_TO, token: TOKEN.address, decimals: 6, block: 100, amount, complete: true, sources: [], settles: [], splits,
    pullable: drawn ? '0' : `${people.reduce((sum, { due }) => sum + BigInt(due), 0n)}`, payees: people,
    pulls: drawn ? [] : splits.flatMap(({ address, payees }) => payees.map(({ account, due }) => ({ split: address, account, amount: due }))),
  };
}

export const modelOf = ({ receiver }) => {
  const { id, title } = MODELS[same(receiver, RECEIVER) ? 0 : 1];
  return { service: id, model: id, modelTitle: title };
};
