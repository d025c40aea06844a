// The built page (npm run build) in a real browser: each flow with its prompts counted, what goes
// wrong with its way out, and no complaint of the policy, the console or axe.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { CHAIN_ID } from '../mock.mjs';
import { visits } from './visit.mjs';

const visit = visits();
const { id, me, connect, openSession, chat, takeAllBack, forget } = visit;
let world, page, node, wallet;
beforeEach(() => {
  ({ world } = visit);
  ({ page, node, wallet } = world);
});

test('found by searching, tried with one signature, licensed with one, refunded with one', async () => {
  await page.goto(node.url);
  await id('search-input').fill('clinical notes');
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=model-card]').length === 1);
  assert.match(await id('model-card').textContent(), /about 470 calls for \$1/);
  await id('model-card').click();
  await id('open-session').waitFor();
  assert.deepEqual(await id('prompt-list').first().locator('li').allTextContents(),
    ['Connect', 'Add or choose the network “Stoa Dev”', 'Authorise $5.00 for your purse, refundable']);
  await connect();
  assert.deepEqual(wallet.prompts, ['connect']);

  await id('session-amount').fill('0.50');
  await id('open-session').click();
  await id('chat-input').waitFor();
  assert.deepEqual(wallet.prompts, ['connect', 'network', 'sign']);
  assert.equal(wallet.signed[0].primaryType, 'ReceiveWithAuthorization');
  assert.equal(String(wallet.signed[0].message.value), '500000');

  assert.match(await chat('Summarise this.', 0), /three points/);
  await chat('And shorter?', 1);
  await chat('Once more.', 2);
  assert.equal(await id('chat-cost').textContent(), '$0.000813');
  assert.equal(wallet.prompts.length, 3);

  await id('buy-licence').click();
  await page.getByRole('button', { name: /^sign/i }).click();
  await page.getByText('The licence is yours.').waitFor();
  assert.deepEqual(wallet.prompts.slice(3), ['sign']);
  await page.goto(`${node.url}/licences`);
  await id('licence-row').waitFor();
  assert.match(await id('licence-row').textContent(), /Medical summaries.*Valid/);

  await takeAllBack();
  assert.deepEqual(wallet.prompts.slice(4), ['sign']);
  assert.equal(node.balance(me()), 100_000_000n - 5_000_000n - 813n);
});

test('a session is resumed after a reload without a prompt, and refunded after its storage is cleared', async () => {
  await openSession();
  await chat('Hello', 0);
  const prompts = wallet.prompts.length;
  await page.reload();
  await id('chat-input').waitFor();
  await chat('Hello again', 0);
  assert.equal(wallet.prompts.length, prompts);

  await forget('/models/1');
  await page.getByText('in a session of another device').waitFor();
  await page.goto(`${node.url}/money`);
  await page.getByText('another device or program').waitFor();
  await takeAllBack();
  assert.equal(node.balance(me()), 100_000_000n - 2n * 271n);
});

test('two tabs share a session: their calls never meet on one channel', async () => {
  await openSession();
  const other = await world.context.newPage();
  await other.goto(`${node.url}/models/1`);
  await other.getByTestId('chat-input').fill('From the second tab');
  await id('chat-input').fill('From the first');
  await Promise.all([id('chat-send').click(), other.getByTestId('chat-send').click()]);
  for (const tab of [page, other]) await tab.locator('[data-testid=chat-answer][data-done=true]').waitFor();
  // The one that finds it busy may open a lane of its own.
  assert.equal([...node.channels.values()].reduce((sum, { charged }) => sum + charged, 0n), 2n * 271n);
  assert.equal(node.overlaps, 0);
  assert.equal(node.calls, 2);
  assert.deepEqual(wallet.prompts, ['connect', 'network', 'sign']);
});

test('money is added to a session where all sessions are listed', async () => {
  await openSession();
  await page.goto(`${node.url}/money`);
  await page.getByText('this device', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Download all of it as CSV' }).waitFor();
  await id('money-row').getByRole('button', { name: 'Add money' }).click();
  await id('session-amount').fill('0.35');
  await page.getByRole('button', { name: 'Add $0.35 of your purse' }).click();
  await page.getByRole('button', { name: 'Return $0.60 to your purse' }).click();
  assert.deepEqual(wallet.prompts, ['connect', 'network', 'sign']);
  await page.getByRole('button', { name: /^sign/i }).click();
  await page.getByText('$0.60 is back in your purse').waitFor();
  assert.equal(node.purses.balance(me()), 1_000_000n);
});

test('a client that lost count is corrected by the node and goes on', async () => {
  await openSession();
  await chat('Hello', 0);
  const [channel] = node.channels.values();
  channel.charged += 100n;
  await chat('Again', 1);
  assert.equal(wallet.prompts.length, 3);
  assert.equal(channel.charged, 271n * 2n + 100n);
});

test('what a wallet declines is not sent, and said calmly', async () => {
  await page.goto(`${node.url}/models/1`);
  await connect();
  wallet.refuseNext = 4001;
  await id('open-session').click();
  await page.locator('.open-session [data-state=refused]').waitFor();
  assert.equal(node.channels.size, 0);
  await id('open-session').click();
  await id('chat-input').waitFor();
});

test('a wallet that never answers does not hold the page, and what it signs later is not sent', async () => {
  await page.goto(`${node.url}/models/1`);
  await connect();
  const request = wallet.request.bind(wallet);
  let sign, asked;
  const late = new Promise((resolve) => { sign = resolve; });
  const signing = new Promise((resolve) => { asked = resolve; });
  const answered = new Promise((resolve) => {
    wallet.request = async (method, params) => {
      if (method !== 'eth_signTypedData_v4') return request(method, params);
      asked();
      await late;
      const signature = await request(method, params);
      setTimeout(resolve, 0);
      return signature;
    };
  });
  await id('open-session').click();
  // Before that the page waits for the network, where it can be stopped too.
  await signing;
  await page.getByRole('button', { name: 'Stop waiting' }).click();
  await page.getByText('Not waiting any longer').waitFor();
  sign();
  await answered;
  wallet.request = request;
  await id('open-session').click();
  await id('chat-input').waitFor();
  assert.equal(node.channels.size, 1);
});

test('a new wallet is offered play money, and the amount says what is wrong', async () => {
  await page.goto(`${node.url}/models/1`);
  await connect({ funds: 0n });
  await page.getByText('Your wallet holds $0.00').first().waitFor();
  assert.equal(await id('open-session').isDisabled(), true);
  await id('faucet').first().click();
  await page.locator('[data-testid=open-session]:enabled').waitFor();
  await id('session-amount').fill('0.01');
  await page.getByText('At least $0.05').waitFor();
  await id('session-amount').fill('one');
  await page.getByText('Enter a sum in dollars').waitFor();
});

test('an engine that fails costs nothing, and the question is kept', async () => {
  await openSession();
  node.trouble = { error: { message: 'The model stopped.', code: 'engine_failed', fix: 'Ask again.' } };
  await id('chat-input').fill('Hello');
  await id('chat-send').click();
  await page.getByText('Ask again.').waitFor();
  assert.equal(await id('chat-input').inputValue(), 'Hello');
  const [channel] = node.channels.values();
  assert.equal(channel.charged, 0n);
});

test('another chain of the same id is found out before anything is signed', async () => {
  await page.goto(`${node.url}/models/1`);
  await connect();
  const request = wallet.request.bind(wallet);
  wallet.request = async (method, params) =>
    method === 'eth_getBlockByNumber' ? { hash: `0x${'00'.repeat(32)}` } : request(method, params);
  await id('open-session').click();
  await page.getByText('is not the chain of this market').waitFor();
  await page.getByText('set its RPC address to').waitFor();
  assert.equal(wallet.signed.length, 0);
});

test('a purse that the chain does not know is not filled', async () => {
  await page.goto(`${node.url}/models/1`);
  await connect();
  const request = wallet.request.bind(wallet);
  wallet.request = async (method, params) =>
    method === 'eth_call' ? `0x${'0'.repeat(64)}` : request(method, params);
  await id('open-session').click();
  await page.getByText('The chain does not know the purse').waitFor();
  assert.equal(wallet.signed.length, 0);
});

test('a service that the chain does not know is not paid', async () => {
  node.hasPurses = false;
  await page.goto(`${node.url}/models/2`);
  await connect();
  const request = wallet.request.bind(wallet);
  wallet.request = async (method, params) =>
    method === 'eth_call' ? `0x${'0'.repeat(64)}` : request(method, params);
  await id('open-session').click();
  await page.getByText('The chain does not know the account').waitFor();
  assert.equal(wallet.signed.length, 0);
});

test('an embedding model compares two texts', async () => {
  await page.goto(`${node.url}/models/2`);
  await connect();
  await id('open-session').click();
  await id('chat-send').click();
  await id('chat-answer').waitFor();
  assert.match(await id('chat-answer').textContent(), /97 % alike/);
});

test('the panel shows what the wallet is sent', async () => {
  await page.goto(`${node.url}/models/1`);
  await connect();
  let asked;
  const request = wallet.request.bind(wallet);
  const shown = new Promise((resolve) => { asked = resolve; });
  let answer;
  const answered = new Promise((resolve) => { answer = resolve; });
  wallet.request = async (method, params) => {
    if (method === 'eth_signTypedData_v4') {
      asked(JSON.parse(params[1]));
      await answered;
    }
    return request(method, params);
  };
  await id('open-session').click();
  const { message } = await shown;
  const panel = page.locator('.open-session .panel[open] tbody');
  await panel.waitFor();
  const text = await panel.textContent();
  assert.match(text, /Value: 5000000/);
  assert.ok(text.includes(message.validBefore));
  assert.ok(text.includes(message.nonce.slice(0, 10)));
  answer();
  await id('chat-input').waitFor();
});

test('a card is text: its scripts do not run and foreign pictures are not loaded', async () => {
  const foreign = [];
  page.on('request', (request) => { if (!request.url().startsWith(node.url)) foreign.push(request.url()); });
  await page.goto(`${node.url}/models/1`);
  await page.getByText('<script>alert(1)</script>').waitFor();
  assert.equal(await page.locator('a[href^=javascript]').count(), 0);
  assert.deepEqual(foreign.filter((url) => !url.startsWith('data:')), []);
});

test('without the node, and without a wallet, the page says what to do', async () => {
  await page.route('**/api/deployment', (route) => route.abort());
  await page.goto(node.url);
  await page.getByText('The node does not answer.').waitFor();
  world.complaints.length = 0;
  await page.unroute('**/api/deployment');
  await page.getByRole('button', { name: 'Try again' }).click();
  await id('model-card').first().waitFor();
});

test('a wallet that only stands in the window is offered, and none is no dead end', async () => {
  ({ page, node } = await visit.reopen({ announce: false }));
  await page.goto(node.url);
  await id('connect').click();
  await page.getByText('No wallet was found in this browser.').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Get MetaMask' }).getAttribute('href'), 'https://metamask.io/download');

  await page.addInitScript(() => {
    const account = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
    const answers = { eth_requestAccounts: [account], eth_accounts: [], eth_chainId: '0x1' };
    window.ethereum = {
      request: async ({ method }) => {
        if (method === 'eth_requestAccounts') answers.eth_accounts = [account];
        if (method in answers) return answers[method];
        throw Object.assign(new Error('no such method'), { code: -32601 });
      },
      on() {}, removeListener() {},
    };
  });
  await page.reload();
  await id('connect').click();
  await page.getByText('Browser wallet').click();
  await id('account').waitFor();
});

test('on an address that is not secure the page explains itself, and can be read', async () => {
  await page.goto(node.url.replace('localhost', 'node.test'));
  await id('model-card').first().waitFor();
  assert.equal(await id('connect').count(), 0);
  await page.getByRole('button', { name: 'Why no wallet?' }).click();
  await page.getByText('This address is not secure').waitFor();
  await page.keyboard.press('Escape');
  await id('model-card').first().click();
  await id('open-session').click();
  await page.getByText('This address is not secure').waitFor();
});

test('signing in is one free signature, and another account is not taken for the first', async () => {
  await page.goto(node.url);
  await connect();
  await id('account').click();
  await id('sign-in').click();
  await page.getByText('Signed in to this node until').waitFor();
  assert.deepEqual(wallet.prompts, ['connect', 'network', 'sign']);
});

test('a transaction sent before a reload is followed to its block', async () => {
  await page.goto(node.url);
  await connect();
  await page.evaluate(([chainId, from]) => localStorage.setItem('stoa.pending', JSON.stringify([
    { transaction: `0x${'ab'.repeat(32)}`, chainId, from, sentAt: 1_790_000_000 },
  ])), [CHAIN_ID, me()]);
  await page.goto(`${node.url}/money`);
  await page.getByText('was replaced or dropped').waitFor();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  assert.equal(await page.evaluate(() => localStorage.getItem('stoa.pending')), '[]');
});
