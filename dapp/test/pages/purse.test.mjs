// The purse: one signature for every model, limits in plain words, several devices, every way out.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { visits } from './visit.mjs';

const visit = visits();
const { id, me, connect, openSession, chat, compare, takeAllBack, forget } = visit;
let page, node, wallet;
beforeEach(() => { ({ page, node, wallet } = visit.world); });

const keys = () => [...node.purses.of(me()).keys.values()];
const types = () => wallet.signed.map(({ primaryType }) => primaryType);
const sign = () => page.getByRole('button', { name: /^sign/i }).click();

test('a second model asks nothing of the wallet, and one signature brings every unit back', async () => {
  await openSession('5.00');
  await chat('Hello', 0);
  const prompts = [...wallet.prompts];
  await page.goto(`${node.url}/models/2`);
  await page.getByText('Your purse holds $4.00.').waitFor();
  assert.match(await id('purse-left').textContent(), /No question from your wallet/);
  assert.equal(await id('prompt-list').count(), 0);
  await id('session-amount').fill('0.75');
  await page.getByRole('button', { name: 'Use up to $0.75 of your purse' }).click();
  await id('chat-send').waitFor();
  assert.match(await compare(), /97 % alike/);
  assert.deepEqual(wallet.prompts, prompts);
  assert.deepEqual(types(), ['ReceiveWithAuthorization']);
  assert.deepEqual([...node.channels.values()].map(({ balance }) => balance), [1_000_000n, 750_000n]);

  await takeAllBack();
  assert.deepEqual(wallet.prompts.slice(prompts.length), ['sign']);
  assert.equal(node.balance(me()), 100_000_000n - 271n - 12n);
});

test('a lane that calls at once opened is a row of its own, and says what it is', async () => {
  await openSession('5.00');
  const [first] = node.channels.values();
  const salt = `0x${'0'.repeat(63)}1`;
  const lane = `0x${'e7'.repeat(32)}`;
  node.channels.set(lane, { ...first, id: lane, config: { ...first.config, salt }, balance: 250_000n });
  await page.goto(`${node.url}/money`);
  const row = page.locator('[data-testid=money-row]', { has: id('lane') });
  await row.waitFor();
  assert.equal(await page.locator('[data-testid=money-row][data-state=refundable]').count(), 2);
  assert.equal(await row.getByTestId('lane').textContent(), '1, for calls at once');
  assert.match(await row.textContent(), /\$0\.25.*Put in\$0\.25.*Paid fromyour purse/);
});

test('limits are said in a sentence, and are what the one signature commits to', async () => {
  await page.goto(`${node.url}/models/1`);
  await connect();
  await id('purse-per-day').fill('0.02');
  await page.getByText('At least $0.05 a day.').waitFor();
  assert.equal(await id('open-session').isDisabled(), true);
  await id('purse-per-day').fill('1.50');
  await id('purse-life').selectOption({ label: '7 days' });
  await page.locator('.open-session summary').click();
  assert.match(await page.locator('.policy').textContent(), /In all\$5\.00A day \(UTC\)\$1\.50For one model\$5\.00/);
  await id('open-session').click();
  await id('chat-input').waitFor();
  const [{ capPerDay, capPerService, expires, left, today }] = keys();
  assert.deepEqual({ capPerDay, capPerService, left, today },
    { capPerDay: 1_500_000n, capPerService: 5_000_000n, left: 4_000_000n, today: 1_000_000n });
  const life = expires - Math.floor(Date.now() / 1000);
  assert.ok(life > 7 * 86_400 - 600 && life <= 7 * 86_400, `${life} seconds`);
});

test('a day\'s limit that is used up says so, and another signature raises it', async () => {
  await page.goto(`${node.url}/models/1`);
  await connect();
  await id('purse-per-day').fill('1.00');
  await id('open-session').click();
  await id('chat-input').waitFor();
  await page.goto(`${node.url}/models/2`);
  await page.getByText('This device has $0.00 left of today\'s limit.').waitFor();
  await id('purse-per-day').fill('1.00');
  await page.getByText('$1.00 of today is used already: at least $1.05 a day.').waitFor();
  await id('purse-per-day').fill('2.00');
  await id('open-session').click();
  await id('chat-send').waitFor();
  await compare();
  assert.deepEqual(types(), ['ReceiveWithAuthorization', 'SetPolicy']);
  assert.equal(keys()[0].capPerDay, 2_000_000n);
});

test('another device is let in by a signature that moves nothing, and each keeps its own key', async () => {
  await openSession('5.00');
  await forget('/models/2');
  await page.getByText('This device may not spend from it yet').waitFor();
  const before = node.balance(me());
  await id('open-session').click();
  await id('chat-send').waitFor();
  await compare();
  assert.deepEqual(types(), ['ReceiveWithAuthorization', 'SetPolicy']);
  assert.equal(node.balance(me()), before);
  assert.equal(keys().length, 2);
  await takeAllBack();
  assert.equal(node.balance(me()), 100_000_000n - 12n);
});

test('a lost device\'s access is ended from another', async () => {
  await openSession('5.00');
  await forget('/money');
  await id('other-key').waitFor();
  assert.match(await id('other-key').textContent(), /may take \$4\.00 now, until/);
  await page.getByRole('button', { name: 'End its access' }).click();
  await sign();
  await page.getByText('That device can take nothing more').waitFor();
  await id('other-key').waitFor({ state: 'detached' });
  assert.deepEqual(types(), ['ReceiveWithAuthorization', 'Revoke']);
  assert.equal(keys()[0].expires, 0);
});

test('this device\'s access ends at once, its session stays, and another signature lets it in again', async () => {
  await openSession('5.00');
  await page.goto(`${node.url}/money`);
  await id('revoke-key').click();
  await sign();
  await page.getByText('This device can take nothing more').waitFor();
  await id('revoke-key').waitFor({ state: 'detached' });
  assert.equal(await id('purse-left').textContent(), 'nothing');
  assert.equal(wallet.signed.at(-1).primaryType, 'Revoke');
  await page.goto(`${node.url}/models/1`);
  await chat('Still here', 0);
  await page.goto(`${node.url}/money`);
  await id('purse-limits').click();
  await sign();
  await id('revoke-key').waitFor();
  assert.deepEqual(types(), ['ReceiveWithAuthorization', 'Revoke', 'SetPolicy']);
});

test('money is added where the purse is shown, and what it may be used for with it', async () => {
  await page.goto(`${node.url}/money`);
  node.pay(me(), 100_000_000n);
  await page.getByRole('button', { name: 'Connect a wallet' }).click();
  await id('wallet-option').first().click();
  await page.getByRole('button', { name: 'Fill a purse' }).click();
  await id('session-amount').fill('2.00');
  await id('open-session').click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.getByText('$2.00 now').waitFor();
  await id('fund-purse').click();
  await id('session-amount').fill('3.00');
  await id('open-session').click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.getByText('$5.00 now').waitFor();
  assert.equal(node.purses.balance(me()), 5_000_000n);
  assert.equal(keys()[0].left, 5_000_000n);
});

test('after everything came back a model is opened again, and its count goes on', async () => {
  await openSession('1.00');
  await chat('Hello', 0);
  await takeAllBack();
  await page.goto(`${node.url}/models/1`);
  await id('session-amount').fill('1.00');
  await id('open-session').click();
  await id('chat-input').waitFor();
  await chat('Hello again', 0);
  assert.match(await id('session-left').textContent(), /\$0\.2497 left/);
  assert.equal(node.channels.size, 1);
  await takeAllBack();
  assert.equal(node.balance(me()), 100_000_000n - 2n * 271n);
});

test('a spend that another tab was faster with is signed again', async () => {
  await openSession('5.00');
  await page.goto(`${node.url}/models/2`);
  await id('purse-left').waitFor();
  let raced = false;
  await page.route('**/api/relay', (route) => {
    if (!raced) keys()[0].spends++;
    raced = true;
    return route.continue();
  });
  await id('open-session').click();
  await id('chat-send').waitFor();
  assert.equal(raced, true);
  // The refused first try is an error in the browser's console, and none on the page.
  const { complaints } = visit.world;
  assert.match(complaints.shift(), /status of 422/);
});

test('what another device signed first is named, and signing again works', async () => {
  await openSession('5.00');
  await page.goto(`${node.url}/money`);
  await id('purse-limits').click();
  await id('purse-per-day').waitFor();
  const request = wallet.request.bind(wallet);
  wallet.request = async (method, params) => {
    const signature = await request(method, params);
    if (method === 'eth_signTypedData_v4') node.purses.of(me()).nonce++;
    return signature;
  };
  await sign();
  await page.getByText('Your wallet signed something else for your purse meanwhile.').waitFor();
  assert.match(visit.world.complaints.shift(), /status of 422/);
  wallet.request = request;
  await sign();
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(types(), ['ReceiveWithAuthorization', 'SetPolicy', 'SetPolicy']);
});

test('a dialogue that is closed while the wallet asks is given up, and what is signed later is not sent', async () => {
  await openSession('5.00');
  await page.goto(`${node.url}/money`);
  const request = wallet.request.bind(wallet);
  let asked, signs, answered;
  const asking = new Promise((resolve) => { asked = resolve; });
  const given = new Promise((resolve) => { answered = resolve; });
  const late = new Promise((resolve) => { signs = resolve; });
  wallet.request = async (method, params) => {
    if (method !== 'eth_signTypedData_v4') return request(method, params);
    asked();
    await late;
    const signature = await request(method, params);
    setTimeout(answered, 0);
    return signature;
  };
  await id('purse-limits').click();
  await sign();
  await asking;
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  wallet.request = request;
  await id('revoke-key').click();
  await sign();
  await page.getByText('This device can take nothing more').waitFor();
  signs();
  await given;
  // The page has had its turn: whatever it had sent is answered before what it asks now.
  await page.reload();
  await page.getByText('nothing', { exact: true }).waitFor();
  assert.equal(node.purses.of(me()).nonce, 2);
});

test('two tabs open two models from one purse at once', async () => {
  node.pay(me(), 100_000_000n);
  await page.goto(`${node.url}/money`);
  await page.getByRole('button', { name: 'Connect a wallet' }).click();
  await id('wallet-option').first().click();
  await page.getByRole('button', { name: 'Fill a purse' }).click();
  await id('open-session').click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  const other = await visit.world.context.newPage();
  const tabs = [[page, 1], [other, 2]];
  for (const [tab, model] of tabs) {
    await tab.goto(`${node.url}/models/${model}`);
    await tab.getByTestId('purse-left').waitFor();
  }
  await Promise.all(tabs.map(([tab]) => tab.getByTestId('open-session').click()));
  for (const [tab] of tabs) await tab.getByTestId('chat-send').waitFor();
  assert.equal(keys()[0].spends, 2);
  assert.deepEqual(types(), ['ReceiveWithAuthorization']);
});

test('two tabs that ask one model at once are answered at once, each on a lane of its own', async () => {
  await openSession('5.00');
  const other = await visit.world.context.newPage();
  await other.goto(`${node.url}/models/1`);
  await other.getByTestId('chat-input').waitFor();
  let release;
  node.hold = new Promise((go) => { release = go; });
  for (const tab of [page, other]) {
    await tab.getByTestId('chat-input').fill('Hello');
    await tab.getByTestId('chat-send').click();
    // While the first is still being written.
    await tab.locator('[data-testid=chat-answer]:not([data-done])', { hasText: /summary/ }).waitFor();
  }
  release();
  for (const tab of [page, other]) await tab.locator('[data-testid=chat-answer][data-done=true]').waitFor();
  assert.equal(node.overlaps, 0);
  const channels = [...node.channels.values()];
  assert.deepEqual(channels.map(({ config, balance, charged }) => [Number(BigInt(config.salt)), balance, charged]),
    [[0, 1_000_000n, 271n], [1, 250_000n, 271n]]);
  assert.deepEqual(types(), ['ReceiveWithAuthorization']);
  await takeAllBack();
  assert.equal(node.balance(me()), 100_000_000n - 2n * 271n);
});

test('when the time is over, a signature renews it', async () => {
  await openSession('5.00');
  keys()[0].expires = 1_790_000_000;
  await page.goto(`${node.url}/models/2`);
  await page.getByText('The time for which this device could spend from it is over').waitFor();
  await id('open-session').click();
  await id('chat-send').waitFor();
  assert.deepEqual(types(), ['ReceiveWithAuthorization', 'SetPolicy']);
});

test('what other nodes hold is named when everything else comes back', async () => {
  await openSession('5.00');
  node.purses.elsewhere = [`0x${'ee'.repeat(32)}`];
  await page.goto(`${node.url}/money`);
  await id('exit-purse').click();
  await sign();
  await page.getByText('$5.00 is back in your wallet. One session of other nodes can follow after 1 hour').waitFor();
});

test('where there is no purse, each model has its own signature', async () => {
  node.hasPurses = false;
  await openSession('0.50');
  await chat('Hello', 0);
  assert.deepEqual(wallet.prompts, ['connect', 'network', 'sign']);
  assert.equal(String(wallet.signed[0].message.value), '500000');
  await page.goto(`${node.url}/money`);
  await page.getByRole('button', { name: 'Add money' }).click();
  await page.getByRole('button', { name: 'Authorise $0.50' }).click();
  await page.getByRole('button', { name: /Take \$0\.99.* back/ }).click();
  await sign();
  await page.getByText('is back in your wallet').waitFor();
  assert.deepEqual(types(), ['ReceiveWithAuthorization', 'ReceiveWithAuthorization', 'RefundRequest']);
  assert.equal(node.balance(me()), 100_000_000n - 271n);
});

test('a session from before there were purses goes on, and comes back as it was opened', async () => {
  node.hasPurses = false;
  await openSession('0.50');
  node.hasPurses = true;
  await page.reload();
  await chat('Hello', 0);
  await page.getByRole('button', { name: 'Add money' }).click();
  await page.getByRole('button', { name: 'Authorise $0.50' }).click();
  await page.getByText('$0.9997 left').waitFor();
  await id('refund').click();
  await sign();
  await page.getByText('is back in your wallet').waitFor();
  await page.getByText('Fill your purse once').waitFor();
  assert.equal(node.balance(me()), 100_000_000n - 271n);
});
