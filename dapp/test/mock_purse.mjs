// The purses of mock.mjs, as contracts/src/Purse.sol has them: every signature checked, every limit
// kept, the money in memory.
import {
  concatHex, getContractAddress, hashTypedData, numberToHex, recoverTypedDataAddress,
} from 'viem';

const TYPES = {
  SetPolicy: [['key', 'address'], ['token', 'address'], ['cap', 'uint96'], ['capPerDay', 'uint96'],
    ['capPerService', 'uint96'], ['expires', 'uint40'], ['services', 'uint256[]'], ['nonce', 'uint256']],
  Revoke: [['key', 'address'], ['nonce', 'uint256']],
  Exit: [['nonce', 'uint256']],
  Spend: [['channelId', 'bytes32'], ['amount', 'uint256'], ['nonce', 'uint256']],
};
const same = (a, b) => a.toLowerCase() === b.toLowerCase();
const now = () => Math.floor(Date.now() / 1000);

export class Refused extends Error {}

function need(holds, why) {
  if (!holds) throw new Refused(why);
}

export class MockPurses {
  purses = new Map();
  /** Channels at other nodes, which an exit cannot bring at once. */
  elsewhere = [];

  /** `node` holds wallets and channels. */
  constructor(node, { chainId, address, token, services }) {
    Object.assign(this, { node, chainId, address, token, services });
  }

  addressOf(owner) {
    const code = ['0x6100553d81600a3d39f3363d3d373d3d3d363d73', getContractAddress({ from: this.address, nonce: 1n }),
      '0x5af43d82803e903d91602b57fd5bf3', owner, this.token];
    return getContractAddress({
      opcode: 'CREATE2', from: this.address, bytecode: concatHex(code), salt: numberToHex(this.chainId, { size: 32 }),
    });
  }

  of(owner) {
    return this.purses.get(owner.toLowerCase())
      ?? { owner, purse: this.addressOf(owner), nonce: 0, leaving: false, keys: new Map(), exists: false };
  }

  at(address) { return [...this.purses.values()].find(({ purse }) => same(purse, address)); }

  balance(owner) { return this.node.balance(this.of(owner).purse); }

  channelsOf({ purse }) { return [...this.node.channels.values()].filter(({ config }) => same(config.payer, purse)); }

  state(owner, key) {
    const one = this.of(owner);
    const it = key && one.keys.get(key.toLowerCase());
    return {
      purse: one.purse, exists: one.exists, owner, token: this.token, nonce: one.nonce, leaving: one.leaving,
      balance: this.node.balance(one.purse).toString(), fee: '0',
      key: it ? {
        key, expires: it.expires, left: it.left.toString(), capPerDay: it.capPerDay.toString(), spends: it.spends,
        leftToday: (it.capPerDay > it.today ? it.capPerDay - it.today : 0n).toString(),
        capPerService: it.capPerService.toString(), valid: it.expires > now(),
      } : null,
      channels: this.channelsOf(one).filter(({ config, balance, charged }) =>
        balance > charged && (!key || same(config.payerAuthorizer, key))).map(({ id, config, balance }) => ({
        channelId: id, key: config.payerAuthorizer, service: null, lane: Number(BigInt(config.salt)), balance: balance.toString(), claimed: '0',
      })),
    };
  }

  async #signed(by, purse, primaryType, message, signature) {
    const signer = await recoverTypedDataAddress({ ...this.#typed(purse, primaryType, message), signature });
    need(same(signer, by), `The signature is not of this ${primaryType}.`);
  }

  #typed(purse, primaryType, message) {
    return {
      domain: { name: 'Stoa Purse', version: '1', chainId: this.chainId, verifyingContract: purse }, primaryType, message,
      types: { [primaryType]: TYPES[primaryType].map(([name, type]) => ({ name, type })) },
    };
  }

  policyMessage(policy, nonce) {
    return {
      ...policy, cap: BigInt(policy.cap), capPerDay: BigInt(policy.capPerDay), capPerService: BigInt(policy.capPerService),
      services: policy.services.map(BigInt), nonce: BigInt(nonce),
    };
  }

  #setPolicy(one, policy) {
    const { key, cap, capPerDay, capPerService, expires } = this.policyMessage(policy, one.nonce);
    need(expires > now() && same(policy.token, this.token), 'The policy is not one.');
    const before = one.keys.get(key.toLowerCase()) ?? { spends: 0, today: 0n };
    one.keys.set(key.toLowerCase(), { ...before, key, left: cap, capPerDay, capPerService, expires });
    Object.assign(one, { exists: true, leaving: false, nonce: one.nonce + 1 });
    this.purses.set(one.owner.toLowerCase(), one);
  }

  /** `authorised` checks an EIP-3009 signature of (from, to, value, validBefore, nonce, signature). */
  async fund({ owner, policy, funding: { value, validBefore, signature } }, authorised) {
    const one = this.of(owner);
    const bound = hashTypedData(this.#typed(one.purse, 'SetPolicy', this.policyMessage(policy, one.nonce)));
    need(await authorised(owner, one.purse, BigInt(value), BigInt(validBefore), bound, signature), 'The signature is not of this funding.');
    need(this.node.balance(owner) >= BigInt(value), 'The wallet holds too little.');
    this.#setPolicy(one, policy);
    this.node.pay(owner, -BigInt(value));
    this.node.pay(one.purse, BigInt(value));
    return { purse: one.purse, balance: this.node.balance(one.purse).toString() };
  }

  async policy({ owner, policy, signature }) {
    const one = this.of(owner);
    await this.#signed(owner, one.purse, 'SetPolicy', this.policyMessage(policy, one.nonce), signature);
    this.#setPolicy(one, policy);
    return { purse: one.purse };
  }

  async revoke({ owner, key, signature }) {
    const one = this.of(owner);
    await this.#signed(owner, one.purse, 'Revoke', { key, nonce: BigInt(one.nonce) }, signature);
    one.nonce++;
    one.keys.get(key.toLowerCase()).expires = 0;
    return { purse: one.purse };
  }

  async exit({ owner, signature }) {
    const one = this.of(owner);
    await this.#signed(owner, one.purse, 'Exit', { nonce: BigInt(one.nonce) }, signature);
    one.nonce++;
    one.leaving = true;
    for (const it of one.keys.values()) it.expires = 0;
    for (const channel of this.channelsOf(one)) this.node.refund(channel);
    const amount = this.node.balance(one.purse);
    this.node.pay(one.purse, -amount);
    this.node.pay(owner, amount);
    return { purse: one.purse, amount: amount.toString(), waiting: this.elsewhere };
  }

  /** A deposit from the purse into a channel of a key at a service: its salt is the lane. */
  async spend(id, config, sum, { service, nonce, signature }) {
    const amount = BigInt(sum);
    const one = this.at(config.payer);
    const it = one?.keys.get(config.payerAuthorizer.toLowerCase());
    need(it && it.expires > now() && !one.leaving, 'The key may not spend.');
    need(same(config.receiver, this.services(service)) && config.withdrawDelay === 3600 && BigInt(config.salt) < 4n,
      'This is not the channel of that service.');
    need(BigInt(nonce) === BigInt(it.spends), 'The nonce is not the next one.');
    await this.#signed(it.key, one.purse, 'Spend', { channelId: id, amount, nonce: BigInt(nonce) }, signature);
    need(amount <= it.left && it.today + amount <= it.capPerDay, 'More than the policy allows.');
    need(amount <= this.node.balance(one.purse), 'The purse holds too little.');
    const lanes = this.channelsOf(one).filter((other) => same(other.config.payerAuthorizer, it.key) && same(other.config.receiver, config.receiver));
    need(lanes.reduce((sum, { balance }) => sum + balance, amount) <= it.capPerService, 'More than the service may get.');
    Object.assign(it, { left: it.left - amount, today: it.today + amount, spends: it.spends + 1 });
    this.node.pay(one.purse, -amount);
  }

  /** A PolicySet for each key that ever had one. */
  logs(address, topic) {
    const keys = [...this.at(address)?.keys.values() ?? []];
    return keys.map(({ key }) => ({ address, topics: [topic, `0x${key.slice(2).toLowerCase().padStart(64, '0')}`] }));
  }

  /** The purses of GET /api/money. */
  items(owner) {
    const one = this.of(owner);
    const amount = this.node.balance(one.purse);
    if (!one.exists || amount === 0n) return [];
    return [{
      id: `purse:${one.purse}`, side: 'buyer', how: 'Empty it.', transaction: null, partOf: null,
      kind: 'purse', token: this.token, where: one.purse, until: null, state: 'refundable', amount: amount.toString(),
      why: 'In your purse; no model holds it.', purse: { purse: one.purse, token: this.token, leaving: one.leaving, nonce: one.nonce },
    }];
  }
}
