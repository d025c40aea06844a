// A buyer's whole way in a real browser, on a running marketplace, with every prompt counted.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account, openMarket } from '../system/market.mjs';
import { Buyer, openBrowser, picture, watch } from './page.mjs';
import { TestWallet } from './wallet.mjs';

const BUYER = account(5);
let market, browser, context, wallet, page, buyer, faults;

before(async () => {
  market = await openMarket();
  wallet = new TestWallet(BUYER);
  ({ browser, context } = await openBrowser());
  await wallet.install(context);
  page = await context.newPage();
  faults = watch(page);
  buyer = new Buyer(page, market.url);
});
after(async () => {
  await browser?.close();
  await market?.close();
});

/** The browser keeps nothing of the page, which is closed meanwhile and can't write it again. */
async function forget() {
  await page.goto('about:blank');
  const devtools = await context.newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', { origin: market.url, storageTypes: 'all' });
  await devtools.detach();
}

const model = () => market.json('/api/models/stories15m');
const balances = (holders) => Promise.all(holders.map((holder) => market.balance(holder)));
const sessions = async () => {
  const { items } = await market.json(`/api/money?address=${BUYER.address}`);
  return items.filter(({ kind, state }) => kind === 'channel' && state === 'refundable').map(({ channel }) => channel);
};

test('find, connect, use two models on one signature, buy a licence, and take all the rest back', async (t) => {
  const start = await market.balance(BUYER.address);
  const coins = await market.client.getBalance({ address: BUYER.address });
  const detail = await model();
  const payees = detail.payees.map(({ account: payee }) => payee);
  assert.equal(payees.length, 3);
  const payeesBefore = await balances(payees);
  const other = await market.json('/api/models/minilm');
  let licencePrice, charged, chargedElsewhere;

  await t.test('a model is found and read without a wallet', async () => {
    await buyer.find('story', detail.title);
    assert.deepEqual(wallet.prompts, []);
    await picture(page, 'model-stranger');
  });

  await t.test('connecting asks for the account and the network, and for nothing else', async () => {
    await buyer.connect();
    await page.getByText(BUYER.address.slice(0, 6)).first().waitFor();
  });

  await t.test('a purse is filled and a session opened with exactly one signature, announced beforehand', async () => {
    const announced = (await buyer.announced()).length;
    const before = wallet.prompts.length;
    await buyer.openSession('2.00');
    await buyer.id('chat-input').waitFor({ timeout: 60_000 });
    const asked = wallet.prompts.slice(before);
    assert.equal(asked.filter((kind) => kind === 'sign').length, 1);
    assert.equal(asked.filter((kind) => kind === 'transaction').length, 0);
    assert.ok(asked.length <= announced, `${asked} asked, ${announced} announced`);
    assert.equal(wallet.signed.at(-1).primaryType, 'ReceiveWithAuthorization');
    assert.equal(await market.balance(BUYER.address), start - 2_000_000n);
  });

  await t.test('three turns stream without another prompt', async () => {
    const before = wallet.prompts.length;
    for (const words of ['Once upon a time', 'Lily had a dog', 'The end of the day']) {
      assert.ok((await buyer.say(words)).length > 10);
    }
    assert.equal(wallet.prompts.length, before);
    await picture(page, 'model-chat');
    [{ charged }] = await sessions();
    assert.ok(BigInt(charged) > 0n);
  });

  await t.test('another model is opened from the purse, and the wallet is not asked', async () => {
    const before = wallet.prompts.length;
    await page.goto(`${market.url}/models/${other.id}`);
    await buyer.id('purse-left').waitFor();
    await picture(page, 'model-second');
    await buyer.openSession('0.50');
    await buyer.id('chat-send').waitFor();
    await buyer.id('chat-send').click();
    await buyer.id('chat-answer').waitFor({ timeout: 120_000 });
    assert.equal(wallet.prompts.length, before);
    ({ charged: chargedElsewhere } = (await sessions()).find(({ model: id }) => id === other.id));
    assert.ok(BigInt(chargedElsewhere) > 0n);
    await page.goto(`${market.url}/models/${detail.id}`);
    await buyer.id('chat-input').waitFor();
  });

  await t.test('a licence is bought by one signature, without native coin, and is shown', async () => {
    const before = wallet.prompts.length;
    licencePrice = BigInt(detail.licencePrice.amount);
    await buyer.id('buy-licence').first().click();
    await buyer.page.getByRole('button', { name: /^sign/i }).click();
    await page.getByText(/licence is yours/i).waitFor({ timeout: 60_000 });
    assert.deepEqual(wallet.prompts.slice(before), ['sign']);
    await page.goto(`${market.url}/licences`);
    await buyer.id('licence-row').first().waitFor();
    await picture(page, 'licences');
  });

  await t.test('with the browser\'s storage cleared, one wallet signature brings the rest back', async () => {
    await forget();
    const before = wallet.prompts.length;
    await page.goto(`${market.url}/money`);
    await buyer.connect();
    await buyer.takeAllBack();
    assert.deepEqual(wallet.prompts.slice(before).filter((kind) => kind !== 'connect'), ['sign']);
    assert.equal(wallet.signed.at(-1).primaryType, 'Exit');
    assert.deepEqual(wallet.signed.map(({ primaryType }) => primaryType),
      ['ReceiveWithAuthorization', 'ReceiveWithAuthorization', 'Exit']);
    await picture(page, 'money');
  });

  await t.test('every unit is where the books say, on chain; the payees are paid from the page, without a wallet', async () => {
    await market.cli('claim');
    assert.equal(await market.balance(BUYER.address), start - licencePrice - BigInt(charged) - BigInt(chargedElsewhere));
    assert.equal(await market.client.getBalance({ address: BUYER.address }), coins);
    const before = wallet.prompts.length;
    await page.goto(`${market.url}/models/${detail.id}`);
    await page.getByTestId('release').click();
    await page.getByTestId('all-paid').waitFor();
    assert.equal(wallet.prompts.length, before);
    await picture(page, 'paid-out');
    const paid = (await balances(payees)).map((now, i) => now - payeesBefore[i]);
    for (const [i, { share }] of detail.payees.entries()) {
      assert.equal(paid[i], earned(detail, licencePrice, charged) * BigInt(share) / 1_000_000n);
    }
  });

  assert.deepEqual(faults, []);
});

/** What reached the model: the licence, and its part of what the service charged. */
function earned(detail, licencePrice, charged) {
  const { share } = detail.services[0].payees
    .find(({ account: who }) => who.toLowerCase() === detail.payTo.toLowerCase());
  return licencePrice + BigInt(charged) * BigInt(share) / 1_000_000n;
}
