// Writes purse.json: what a purse's owner and its session keys sign, and a relayed renewal, as viem computes them.
// Run in ../test, which has viem: node ../contracts/test/vectors/make_purse.mjs
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const need = createRequire(path.join(process.cwd(), 'package.json'));
const { compactSignatureToHex, encodeAbiParameters, hashTypedData, keccak256, numberToHex, parseSignature, stringToBytes,
  signatureToCompactSignature } = need('viem');
const { mnemonicToAccount } = need('viem/accounts');

const account = (addressIndex) =>
  mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex });
const [owner, key] = [account(1), account(2)];
const token = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
const purse = '0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0';
const market = '0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9';
const channels = '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003';
const chainId = 713371;
const domain = { name: 'Stoa Purse', version: '1', chainId, verifyingContract: purse };
const fields = (...list) => list.map((each) => each.split(' ')).map(([type, name]) => ({ name, type }));
const types = {
  SetPolicy: fields('address key', 'address token', 'uint96 cap', 'uint96 capPerDay', 'uint96 capPerService',
    'uint40 expires', 'uint256[] services', 'uint256 nonce'),
  Revoke: fields('address key', 'uint256 nonce'),
  Exit: fields('uint256 nonce'),
  Spend: fields('bytes32 channelId', 'uint256 amount', 'uint256 nonce'),
};
const text = (value) => JSON.parse(JSON.stringify(value, (_, it) => (typeof it === 'bigint' ? it.toString() : it)));

async function signed(by, primaryType, message) {
  const data = { domain, types, primaryType, message };
  return { digest: hashTypedData(data), signature: await by.signTypedData(data) };
}

const most = 2n ** 96n - 1n;
const policies = [
  { cap: 50_000_000n, capPerDay: 20_000_000n, capPerService: 15_000_000n, expires: 1_802_592_000, services: [] },
  { cap: most, capPerDay: most, capPerService: most, expires: 2 ** 40 - 1, services: [2n ** 256n - 1n] },
  { cap: 0n, capPerDay: 1n, capPerService: 2n, expires: 1_800_000_001, services: [1n, 2n, 3n, 7n] },
].map((each) => ({ key: key.address, token, ...each }));

const setPolicy = [];
for (const policy of policies) {
  setPolicy.push({ policy: text(policy), ...await signed(owner, 'SetPolicy', { ...policy, nonce: 0n }) });
}
const ChannelConfig = fields('address payer', 'address payerAuthorizer', 'address receiver', 'address receiverAuthorizer',
  'address token', 'uint40 withdrawDelay', 'bytes32 salt');
/** The key's channels with services that these accounts are paid for, on each lane. */
const channelOf = (service, lane) => {
  const [receiver, receiverAuthorizer] = [account(Number(service)).address, account(9).address];
  const config = { payer: purse, payerAuthorizer: key.address, receiver, receiverAuthorizer, token, withdrawDelay: 3600,
    salt: numberToHex(lane, { size: 32 }) };
  const channelDomain = { name: 'x402 Batch Settlement', version: '1', chainId, verifyingContract: channels };
  const channelId = hashTypedData({ domain: channelDomain, types: { ChannelConfig }, primaryType: 'ChannelConfig', message: config });
  return { receiver, receiverAuthorizer, channelId };
};
const spend = [];
for (const [amount, nonce, service, lane] of [[1_000_000n, 0n, 1n, 0n], [1n, 1n, 2n, 1n], [7n, 2n, 2n, 2n],
  [2n ** 128n - 1n, 2n ** 32n - 1n, 99n, 3n]]) {
  const { channelId, ...paid } = channelOf(service, lane);
  const it = await signed(key, 'Spend', { channelId, amount, nonce });
  const { r, yParityAndS: vs } = signatureToCompactSignature(parseSignature(it.signature));
  const kinds = ['address', 'uint256', 'uint256', 'bytes32', 'bytes32'].map((type) => ({ type }));
  const data = encodeAbiParameters(kinds, [key.address, service | lane << 248n, nonce, r, vs]);
  spend.push({ channelId, ...paid, ...text({ amount, nonce, service, lane }), ...it, compact: compactSignatureToHex({ r, yParityAndS: vs }), data });
}
const renewal = { licence: 7n, token, maxPrice: 5_200_000n, deadline: 1_900_000_000n, relayFee: 200_000n,
  salt: keccak256(stringToBytes('salt')) };
const renewalDigest = hashTypedData({
  domain: { name: 'Stoa Market', version: '1', chainId, verifyingContract: market },
  types: { Renewal: fields('uint256 licence', 'address token', 'uint256 maxPrice', 'uint256 deadline',
    'uint256 relayFee', 'bytes32 salt') },
  primaryType: 'Renewal', message: renewal,
});
const vectors = {
  chainId, owner: owner.address, key: key.address, token, purse, market, setPolicy,
  revoke: await signed(owner, 'Revoke', { key: key.address, nonce: 0n }),
  exit: await signed(owner, 'Exit', { nonce: 0n }),
  spend, renewal: { ...text(renewal), digest: renewalDigest },
};
fs.writeFileSync(path.join(import.meta.dirname, 'purse.json'), `${JSON.stringify(vectors, null, 1)}\n`);
