// Everybody gets along with the page: axe finds nothing on any of it, and it all works by keyboard.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { beforeEach, test } from 'node:test';
import { visits } from './visit.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const visit = visits();
const { id, me, openSession, chat } = visit;
let page, node;
beforeEach(() => { ({ page, node } = visit.world); });

async function clean(where) {
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id: rule, nodes }) => [rule, nodes[0].html, nodes[0].failureSummary]), [], where);
}

test('axe finds nothing, in both schemes, on every page, also on a phone', async () => {
  await openSession();
  await chat('Hello', 0);
  await page.evaluate(AXE).catch(() => undefined);
  for (const [colorScheme, width] of [['light', 1280], ['dark', 1280], ['light', 320]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    for (const path of ['/', '/models/1', '/models/3', '/licences', '/money', '/nowhere']) {
      await page.goto(node.url + path);
      await page.locator('main h1, main h2').first().waitFor();
      await page.waitForFunction(() => !document.querySelector('.skeleton, .loading'));
      await page.evaluate(AXE);
      await clean(`${path} ${colorScheme} ${width}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${path} is ${wide} px wider than ${width}`);
      if (path !== '/money') continue;
      for (const button of ['fund-purse', 'purse-limits', 'revoke-key', 'exit-purse']) {
        await id(button).click();
        await page.locator('dialog summary').click();
        await clean(`${button} ${colorScheme} ${width}`);
        const over = await page.locator('dialog').evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
        assert.ok(over <= 0, `${button} is ${over} px wider than ${width}`);
        await page.keyboard.press('Escape');
        await page.locator('dialog').waitFor({ state: 'detached' });
      }
    }
  }
});

test('the whole way by keyboard', async () => {
  node.pay(me(), 100_000_000n);
  await page.goto(`${node.url}/models/1`);
  await id('open-session').focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog [data-testid=wallet-option]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.equal(await id('open-session').evaluate((element) => element === document.activeElement), true);
  await page.keyboard.press('Enter');
  await id('wallet-option').focus();
  await page.keyboard.press('Enter');
  await id('account').waitFor();
  await id('open-session').focus();
  await page.keyboard.press('Enter');
  await id('chat-input').waitFor();
  await id('chat-input').focus();
  await page.keyboard.type('Hello');
  await page.keyboard.press('Enter');
  await page.locator('[data-testid=chat-answer][data-done=true]').waitFor();
});
