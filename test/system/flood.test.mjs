// Strangers who pay nothing, beside a buyer who pays: none of the paid calls fails for them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { account, openMarket } from './market.mjs';
import { payingFetch } from './pay.mjs';

let market;
before(async () => { market = await openMarket(); });
after(async () => { await market?.close(); });

const CALLS = 40;
const PRICE = 100n;
const ask = {
  method: 'POST', headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    inputs: [
      { name: 'input', datatype: 'FP32', shape: [1, 576], data: Array(576).fill(0) },
      { name: 'state', datatype: 'FP32', shape: [2, 1, 128], data: Array(256).fill(0) },
      { name: 'sr', datatype: 'INT64', shape: [], data: [16000] },
    ],
  }),
};
const route = () => `${market.url}/v2/models/silero_vad/infer`;

async function payFor(calls, buyer) {
  const paying = payingFetch(market, account(buyer));
  const statuses = [];
  for (let call = 0; call < calls; ++call) {
    const answer = await paying.fetch(route(), ask);
    await answer.arrayBuffer();
    statuses.push(answer.status);
  }
  assert.deepEqual(statuses, Array(calls).fill(200));
  const { items } = await market.json(`/api/money?address=${account(buyer).address}`);
  const charged = items.filter(({ kind }) => kind === 'channel').map(({ channel }) => BigInt(channel.charged));
  assert.equal(charged[0], PRICE * BigInt(calls));
}

test('a flood of calls without payment is told the price, and paid calls are all served', async () => {
  let flooding = true;
  const told = new Map();
  const flood = Array.from({ length: 24 }, async () => {
    while (flooding) {
      const answer = await fetch(route(), ask);
      await answer.arrayBuffer();
      told.set(answer.status, (told.get(answer.status) ?? 0) + 1);
    }
  });
  try {
    await payFor(CALLS, 3);
  } finally {
    flooding = false;
    await Promise.all(flood);
  }
  assert.deepEqual([...told.keys()], [402]);
  assert.ok(told.get(402) > CALLS, `only ${told.get(402)} unpaid calls were made beside ${CALLS}`);
});

test('connections that send a byte at a time, or nothing, hold nobody up', async () => {
  const head = `POST /v2/models/silero_vad/infer HTTP/1.1\r\nHost: localhost:${market.port}\r\nContent-Length: 9000\r\n`;
  const slow = await Promise.all(Array.from({ length: 300 }, async (_, number) => {
    const socket = net.connect(market.port, 'localhost');
    socket.on('error', () => {});
    await once(socket, 'connect');
    if (number % 3 === 0) socket.write(head);
    if (number % 3 === 1) socket.write(`${head}\r\n{`);
    return socket;
  }));
  const drip = setInterval(() => slow.forEach((socket) => socket.writable && socket.write('x')), 50);
  try {
    await payFor(CALLS, 4);
  } finally {
    clearInterval(drip);
    slow.forEach((socket) => socket.destroy());
  }
});
