// Who earns what: the diagram and its table, before and after a sale of any price, and paying all of it out.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { visits } from './visit.mjs';

const visit = visits();
const { id, connect } = visit;
let page, node, wallet;
beforeEach(() => { ({ page, node, wallet } = visit.world); });

const rows = () => id('royalty-table').locator('tbody tr').evaluateAll((all) => all.map((row) =>
  [...row.children].map((cell) => cell.textContent.trim())));

test('a sale of any price, through every level, down to the unit', async () => {
  await page.goto(`${node.url}/models/1`);
  await id('royalty-table').waitFor();
  assert.equal(await id('royalty-amount').inputValue(), '5');
  const svg = page.locator('.ways svg');
  assert.match(await svg.getAttribute('aria-label'), /3 payees on 2 levels/);
  assert.match(await svg.textContent(), /All that comes in.*MiniLM sentence vectors/);
  let [author] = await rows();
  assert.match(author[0], /author/);
  assert.deepEqual(author.slice(1), ['60 %', '$3.00', '$9.00', '$0.00', '$6.00']);

  await id('royalty-amount').fill('0.000002');
  await page.waitForFunction(() => document.querySelector('[data-testid=royalty-table] tfoot')?.textContent.includes('$0.000001'));
  [author] = await rows();
  assert.deepEqual(author.slice(2, 4), ['$0.000001', '$6.000001']);
  assert.match(await page.locator('.royalties').textContent(), /\$0\.000001 wait in the splits/);

  await id('royalty-amount').fill('five');
  await page.getByText('Write a sum').waitFor();
  assert.equal(await id('royalty-amount').getAttribute('aria-invalid'), 'true');

  await id('royalty-amount').fill('10');
  await page.getByRole('button', { name: 'Calls', exact: true }).click();
  await page.waitForFunction(() => document.querySelector('[data-testid=royalty-table] tbody')?.textContent.includes('provider'));
  const [provider] = await rows();
  assert.deepEqual(provider.slice(1), ['70 %', '$7.00', '$14.00', '$0.00', '$7.00']);
});

test('anyone pays everybody out without a wallet, and is told what their own would ask', async () => {
  await page.goto(`${node.url}/models/1`);
  await id('release').waitFor();
  assert.equal(await id('release').textContent(), 'Pay out $10.00');
  await id('release').click();
  await page.getByText('Everybody is paid.').waitFor();
  await id('all-paid').waitFor();
  assert.deepEqual(wallet.prompts, []);
  assert.deepEqual((await rows())[0].slice(4), ['$6.00', '$0.00']);

  node.released = false;
  await page.reload();
  await connect();
  await id('release').waitFor();
  await page.getByRole('button', { name: 'Send it from my wallet' }).click();
  assert.deepEqual(await page.locator('.release [data-testid=prompt-list] li').allTextContents(),
    ['Add or choose the network “Stoa Dev”', 'Send a transaction: you pay the network fee']);
  await page.getByRole('button', { name: 'Let the node send it' }).click();
  assert.equal(await page.locator('.release [data-testid=prompt-list]').count(), 0);
});

test('a row of the table shows its ways, by keyboard too', async () => {
  await page.goto(`${node.url}/models/1`);
  await id('royalty-table').locator('tbody tr').nth(2).getByRole('button').focus();
  assert.equal(await page.locator('.ways path.on').count(), 2);
  await id('royalty-table').locator('tbody tr').nth(0).hover();
  await page.waitForFunction(() => document.querySelectorAll('.ways path.on').length === 1);
});
