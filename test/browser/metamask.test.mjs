// The same journey by hand-off to the real MetaMask. Set METAMASK_DIR to an unpacked extension.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { account, openMarket } from '../system/market.mjs';
import { installed, launch } from './mm.mjs';
import { Buyer, picture, watch } from './page.mjs';

const extension = installed();
const shots = process.env.SHOTS;
const BUYER = account(0); // The first account of the seed that the driver imports.

test('the journey with MetaMask', { skip: extension ? false : 'METAMASK_DIR is not set' }, async (t) => {
  const market = await openMarket();
  const wallet = await launch({ dir: extension.dir });
  const screens = [];
  /** The user reads what the wallet shows, and agrees. */
  const agree = async (name) => {
    const text = await wallet.accept(shots ? { shot: path.join(shots, `metamask-${name}.png`) } : {});
    screens.push(name);
    await page.bringToFront();
    return text;
  };
  /** The same, after the page has said what the wallet will show: row by row it does. */
  const agreeAsSaid = async (name) => {
    const rows = await new Buyer(page, market.url).panel();
    const screen = await agree(name);
    for (const [label, value] of rows) {
      // Its own accounts the wallet shows by name, and long hex in full.
      const said = label === 'From' ? 'Account 1' : value.split('…')[0];
      assert.ok(screen.includes(`\n${label}:\n${said}`), `${label}: ${value} is not on the screen:\n${screen}`);
    }
    return screen;
  };
  let page;
  try {
    await wallet.onboard();
    page = await wallet.context.newPage();
    await page.setViewportSize({ width: 1280, height: 900 });
    const faults = watch(page);
    const buyer = new Buyer(page, market.url);
    const before = await market.balance(BUYER.address);
    const coins = await market.client.getBalance({ address: BUYER.address });
    const detail = await market.json('/api/models/stories15m');

    await t.test('find a model and connect', async () => {
      await buyer.find('story', detail.title);
      await buyer.connect('MetaMask');
      await agree('connect');
      await page.getByText(BUYER.address.slice(0, 6)).first().waitFor({ timeout: 30_000 });
    });

    await t.test('fill a purse and open a session: the network, then one signature that shows the sum', async () => {
      await buyer.openSession('2.00');
      assert.match(await agree('network'), /network|Stoa/i);
      const screen = await agreeAsSaid('fund');
      assert.match(screen, /Signature request/);
      assert.match(screen, /Value:\n2000000/);
      await buyer.id('chat-input').waitFor({ timeout: 60_000 });
      assert.equal(await market.balance(BUYER.address), before - 2_000_000n);
    });

    await t.test('three turns without the wallet', async () => {
      for (const words of ['Once upon a time', 'Lily had a dog', 'The end of the day']) {
        assert.ok((await buyer.say(words)).length > 10);
      }
      await picture(page, 'metamask-chat');
    });

    await t.test('another model without the wallet', async () => {
      await page.goto(`${market.url}/models/minilm`);
      await buyer.id('purse-left').waitFor();
      await buyer.openSession('0.50');
      await buyer.id('chat-send').click();
      await buyer.id('chat-answer').waitFor({ timeout: 120_000 });
      await page.goto(`${market.url}/models/${detail.id}`);
    });

    await t.test('buy a licence by one signature', async () => {
      await buyer.id('buy-licence').first().click();
      await page.getByRole('button', { name: /^sign/i }).click();
      assert.match(await agreeAsSaid('licence'), /Signature request/);
      await page.getByText(/licence is yours/i).waitFor({ timeout: 60_000 });
    });

    await t.test('give this device other limits: every one of them stands on the screen', async () => {
      await page.goto(`${market.url}/money`);
      await buyer.id('purse-limits').click();
      await buyer.id('purse-per-day').fill('1.75');
      await page.getByRole('button', { name: /^sign/i }).click();
      const screen = await agreeAsSaid('limits');
      assert.match(screen, /SetPolicy/);
      assert.match(screen, /CapPerDay:\n1750000/);
      await page.locator('dialog').waitFor({ state: 'detached', timeout: 60_000 });
    });

    await t.test('take all the rest back by one signature', async () => {
      assert.match(await buyer.takeAllBack(() => agreeAsSaid('exit')), /Signature request/);
      const spent = before - await market.balance(BUYER.address);
      assert.ok(spent >= BigInt(detail.licencePrice.amount));
      assert.ok(spent < BigInt(detail.licencePrice.amount) + 1_000_000n);
      assert.equal(await market.client.getBalance({ address: BUYER.address }), coins);
    });

    assert.deepEqual(screens, ['connect', 'network', 'fund', 'licence', 'limits', 'exit']);
    assert.deepEqual(faults, []);
  } finally {
    await wallet.close();
    await market.close();
  }
});
