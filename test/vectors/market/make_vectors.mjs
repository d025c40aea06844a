// Writes market.json: orders and splits as viem and the contracts compute them.
// Run in test/: node vectors/market/make_vectors.mjs
import fs from 'node:fs';
import path from 'node:path';
import {
  hashTypedData, keccak256, stringToBytes, toHex,
} from 'viem';

const ORDER = [
  ['offer', 'uint256'], ['termsDigest', 'bytes32'], ['holder', 'address'], ['n', 'uint256'],
  ['token', 'address'], ['maxPrice', 'uint256'], ['deadline', 'uint256'], ['hall', 'uint256'],
  ['relayFee', 'uint256'], ['salt', 'bytes32'],
].map(([name, type]) => ({ name, type }));

const MAX = 2n ** 256n - 1n;
const orders = [
  { offer: 1n, terms: 'Use it well.', n: 1n, maxPrice: 1_000_000n, deadline: 1_900_000_000n,
    hall: 0n, relayFee: 0n, salt: 1n },
  { offer: 7n, terms: '', n: 32n, maxPrice: 5_010_000n, deadline: 1_800_003_600n,
    hall: 3n, relayFee: 10_000n, salt: MAX },
  { offer: MAX, terms: 'Ünïcödé\n', n: 2n, maxPrice: MAX, deadline: 2n ** 40n - 1n,
    hall: MAX, relayFee: MAX, salt: 0n },
];
const holder = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const token = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
const market = '0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9';
const chainId = 713371;

const text = (value) => JSON.parse(JSON.stringify(value,
  (_, it) => (typeof it === 'bigint' ? it.toString() : it)));

const digests = orders.map(({ terms, salt, ...rest }) => {
  const order = { ...rest, holder, token, termsDigest: keccak256(stringToBytes(terms)),
    salt: toHex(salt, { size: 32 }) };
  return { terms, order: text(order), digest: hashTypedData({
    domain: { name: 'Stoa Market', version: '1', chainId, verifyingContract: market },
    types: { Order: ORDER }, primaryType: 'Order', message: order,
  }) };
});

// due(i) = received · share / 1e6 − claimed, rounded down, as Solidity divides.
const dues = [
  [0n, 1_000_000n, 0n], [1n, 999_999n, 0n], [10n, 333_333n, 3n], [1_000_003n, 500_000n, 500_000n],
  [2n ** 128n - 1n, 999_999n, 12_345n],
].map(([received, share, claimed]) => ({ ...text({ received, claimed }), share: Number(share),
  due: String(received * share / 1_000_000n - claimed) }));

// `--split` as the command line takes it, and the shares that the contract is given.
const A = '0x14dC79964da2C08b23698B3D3cc7Ca32193d9955';
const B = '0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f';
const C = '0xa0Ee7A142d267C1f36714E4a8F75612F20a79720';
const splits = [
  { text: `${A}:50,${B}:30,${C}:20`, shares: [500_000, 300_000, 200_000] },
  { text: `${C}:1,${A}:1,${B}:1`, shares: [333_334, 333_333, 333_333] },
  { text: `${B}:7`, shares: [1_000_000] },
  { text: `${A}:1,${C}:6`, shares: [142_857, 857_143] },
].map((split) => ({ ...split, accounts: [A, B, C].filter((who) => split.text.includes(who)) }));


const file = path.join(import.meta.dirname, 'market.json');
fs.writeFileSync(file, `${JSON.stringify({ chainId, market, digests, dues, splits }, null, 1)}\n`);
