// Channels opened by the stock client, and the headers of the calls that follow, signed beforehand.
import {
  BatchSettlementEvmScheme, buildChannelConfig, computeChannelId,
} from '@x402/evm/batch-settlement/client';
import { wrapFetchWithPayment, x402Client } from '@x402/fetch';
import { keccak256, toHex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { CHAIN_ID, NETWORK, account } from './development_chain.mjs';

const CHANNELS = '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003';
const VOUCHER = [
  { name: 'channelId', type: 'bytes32' }, { name: 'maxClaimableAmount', type: 'uint128' },
];
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64');
const decode = (header) => JSON.parse(Buffer.from(header, 'base64').toString());

/** One list of headers for each channel; the first call, with the deposit, is made here. */
export async function openChannels(url, count, calls) {
  const asked = await fetch(`${url}/paid`);
  const required = decode(asked.headers.get('payment-required'));
  const channels = [];
  for (let i = 0; i < count; i++) channels.push(await open(`${url}/paid`, required, i, calls));
  return channels;
}

async function open(url, required, number, calls) {
  const [accepted] = required.accepts;
  const payer = account(1 + number % 6);
  const session = privateKeyToAccount(keccak256(toHex(`session ${number}`)));
  const terms = {
    signer: payer, salt: keccak256(toHex(`salt ${number}`)), payerAuthorizer: session.address,
    voucherSigner: session,
  };
  const scheme = new BatchSettlementEvmScheme(payer,
    { ...terms, rpcUrl: process.env.RPC, depositStrategy: () => '1000000' });
  const client = x402Client.fromConfig({
    schemes: [{ network: NETWORK, client: scheme }], spendControls: false,
  });
  const opened = await wrapFetchWithPayment(fetch, client)(url);
  if (opened.status !== 200) {
    throw new Error(`the peer took no deposit: ${opened.headers.get('payment-required')}`);
  }
  const channelConfig = buildChannelConfig(terms, accepted);
  const channelId = computeChannelId(channelConfig, CHAIN_ID);
  const domain = {
    name: 'x402 Batch Settlement', version: '1', chainId: CHAIN_ID, verifyingContract: CHANNELS,
  };
  const headers = [];
  for (let i = 0; i < calls; i++) {
    const maxClaimableAmount = String(Number(accepted.amount) * (i + 2));
    const signature = await session.signTypedData({
      domain, types: { Voucher: VOUCHER }, primaryType: 'Voucher',
      message: { channelId, maxClaimableAmount },
    });
    const payload = {
      type: 'voucher', channelConfig, voucher: { channelId, maxClaimableAmount, signature },
    };
    headers.push(encode({ x402Version: 2, resource: required.resource, accepted, payload }));
  }
  return headers;
}
