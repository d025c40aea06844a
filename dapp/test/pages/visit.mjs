// A visitor of the built page: a page, a node and a wallet of its own for each test, and the steps
// that many tests begin with. No test may leave a complaint of the policy or the console.
import assert from 'node:assert/strict';
import { afterEach, beforeEach } from 'node:test';
import { openPage } from '../browser.mjs';

export function visits() {
  const visit = {
    world: null,
    id: (name) => visit.world.page.getByTestId(name),
    me: () => visit.world.wallet.account.address,
    async reopen(options) {
      await visit.world?.close();
      visit.world = await openPage(options);
      return visit.world;
    },
    async connect({ funds = 100_000_000n } = {}) {
      visit.world.node.pay(visit.me(), funds);
      await visit.id('connect').click();
      await visit.id('wallet-option').first().click();
      await visit.id('account').waitFor();
    },
    /** A first model: `amount` is what goes into the purse, or into the session where there is none. */
    async openSession(amount = '1.00') {
      const { page, node } = visit.world;
      await page.goto(`${node.url}/models/1`);
      await visit.connect();
      await visit.id('session-amount').fill(amount);
      await visit.id('open-session').click();
      await visit.id('chat-input').waitFor();
    },
    async chat(text, nth) {
      await visit.id('chat-input').fill(text);
      await visit.id('chat-send').click();
      const answer = visit.world.page.locator('[data-testid=chat-answer][data-done=true]').nth(nth);
      await answer.waitFor();
      return answer.textContent();
    },
    /** An embedding model's one call. */
    async compare() {
      await visit.id('chat-send').click();
      await visit.id('chat-answer').waitFor();
      return visit.id('chat-answer').textContent();
    },
    /** The whole purse, on the page of money. */
    async takeAllBack() {
      const { page, node, wallet } = visit.world;
      await page.goto(`${node.url}/money`);
      await visit.id('exit-purse').click();
      await page.getByRole('button', { name: /^sign/i }).click();
      await page.getByText('is back in your wallet').waitFor();
      await page.getByText('No money is in a session').waitFor();
      assert.equal(wallet.signed.at(-1).primaryType, 'Exit');
    },
    /** As another device of the same wallet: this browser has kept nothing. */
    async forget(path) {
      const { page, node } = visit.world;
      await page.goto(`${node.url}/nowhere`);
      await page.evaluate(async () => {
        localStorage.clear();
        for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
      });
      await page.goto(node.url + path);
      await visit.id('connect').click();
      await visit.id('wallet-option').first().click();
      await visit.id('account').waitFor();
    },
  };
  beforeEach(() => visit.reopen());
  afterEach(async () => {
    const { complaints } = visit.world;
    await visit.world.close();
    visit.world = null;
    assert.deepEqual(complaints, []);
  });
  return visit;
}
