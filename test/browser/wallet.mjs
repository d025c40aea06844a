// An EIP-6963 wallet for the browser test: a local key behind an EIP-1193 provider that behaves as
// MetaMask does where the two differ from the letter of the standards. Every prompt is recorded.
import { createWalletClient, http } from 'viem';

const INFO = {
  uuid: '7f2f1c3e-6f0c-4a52-9d0a-2b8a53d9c7aa', name: 'Test Wallet', rdns: 'org.stoa.test-wallet',
  icon: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>',
};
const READS = new Set([
  'eth_blockNumber', 'eth_call', 'eth_estimateGas', 'eth_feeHistory', 'eth_gasPrice', 'eth_getBalance',
  'eth_getBlockByHash', 'eth_getBlockByNumber', 'eth_getCode', 'eth_getLogs', 'eth_getTransactionByHash',
  'eth_getTransactionCount', 'eth_getTransactionReceipt', 'eth_maxPriorityFeePerGas', 'net_version',
]);

class Refusal extends Error {
  constructor(code, message) { super(message); this.code = code; }
}

export class TestWallet {
  /** What the user was asked for, in order: 'connect', 'network', 'sign', 'transaction'. */
  prompts = [];
  /** The typed data of each signature. */
  signed = [];
  /** The next prompt is refused with this code, such as 4001. */
  refuseNext = null;

  /** Starts on Ethereum mainnet with no other network known, as a fresh MetaMask does. */
  constructor(account) {
    Object.assign(this, { account, chainId: 1, networks: new Map([[1, null]]), permitted: false });
  }

  /** Announces the wallet on every page of the context that opens from now on. */
  async install(context) {
    await context.exposeFunction('askTestWallet', async (method, params) => {
      try {
        return { result: await this.request(method, params ?? []) };
      } catch (error) {
        return { error: { code: error.code ?? -32603, message: error.message } };
      }
    });
    await context.addInitScript(announce, INFO);
  }

  #prompt(kind) {
    this.prompts.push(kind);
    if (this.refuseNext !== null) {
      const code = this.refuseNext;
      this.refuseNext = null;
      throw new Refusal(code, 'User rejected the request.');
    }
  }

  async request(method, params) {
    if (READS.has(method)) return this.#read(method, params);
    switch (method) {
      case 'eth_chainId': return '0x' + this.chainId.toString(16);
      case 'eth_accounts': return this.permitted ? [this.account.address] : [];
      case 'eth_requestAccounts': {
        if (!this.permitted) this.#prompt('connect');
        this.permitted = true;
        return [this.account.address];
      }
      case 'wallet_switchEthereumChain': return this.#switch(Number(params[0].chainId));
      case 'wallet_addEthereumChain': return this.#add(params[0]);
      case 'wallet_revokePermissions': this.permitted = false; return null;
      case 'eth_signTypedData_v4': return this.#sign(JSON.parse(params[1]));
      case 'personal_sign': {
        this.#prompt('sign');
        return this.account.signMessage({ message: { raw: params[0] } });
      }
      case 'eth_sendTransaction': return this.#send(params[0]);
      default: throw new Refusal(-32601, `The method "${method}" does not exist / is not available.`);
    }
  }

  #rpc() {
    const url = this.networks.get(this.chainId);
    if (!url) throw new Refusal(-32603, 'Failed to fetch');
    return url;
  }

  async #read(method, params) {
    const response = await fetch(this.#rpc(), {
      method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const { result, error } = await response.json();
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    return result;
  }

  #switch(chainId) {
    if (!this.networks.has(chainId)) throw new Refusal(4902, `Unrecognized chain ID "${chainId}".`);
    this.chainId = chainId;
    return null;
  }

  #add({ chainId, rpcUrls, nativeCurrency }) {
    if (nativeCurrency?.decimals !== 18) throw new Refusal(-32602, 'Expected the number 18');
    this.#prompt('network');
    this.networks.set(Number(chainId), rpcUrls[0]);
    this.chainId = Number(chainId);
    return null;
  }

  async #sign({ domain, types, primaryType, message }) {
    if (Number(domain.chainId) !== this.chainId) {
      throw new Refusal(-32603, `Provided chainId "${domain.chainId}" must match the active chainId `
        + `"${this.chainId}"`);
    }
    this.#prompt('sign');
    this.signed.push({ domain, primaryType, message });
    const { EIP712Domain, ...rest } = types;
    return this.account.signTypedData({ domain, types: rest, primaryType, message });
  }

  async #send({ to, data, value }) {
    this.#prompt('transaction');
    const url = this.#rpc();
    const chain = { id: this.chainId, name: 'test', rpcUrls: { default: { http: [url] } },
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 } };
    const client = createWalletClient({ account: this.account, chain, transport: http(url) });
    return client.sendTransaction({ to, data, value: value && BigInt(value) });
  }
}

/** Runs in the page before its own scripts. */
function announce(info) {
  const listeners = new Map();
  const emit = (event, value) => { for (const hear of listeners.get(event) ?? []) hear(value); };
  const provider = {
    async request({ method, params }) {
      const before = method.startsWith('wallet_') ? await window.askTestWallet('eth_chainId') : null;
      const { result, error } = await window.askTestWallet(method, params);
      if (error) throw Object.assign(new Error(error.message), error);
      if (before) {
        const now = await window.askTestWallet('eth_chainId');
        if (now.result !== before.result) setTimeout(() => emit('chainChanged', now.result), 400);
      }
      if (method === 'eth_requestAccounts') emit('accountsChanged', result);
      return result;
    },
    on(event, hear) { listeners.set(event, [...listeners.get(event) ?? [], hear]); return provider; },
    removeListener(event, hear) {
      listeners.set(event, (listeners.get(event) ?? []).filter((other) => other !== hear));
      return provider;
    },
  };
  const say = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider',
    { detail: Object.freeze({ info, provider }) }));
  window.addEventListener('eip6963:requestProvider', say);
  say();
}
