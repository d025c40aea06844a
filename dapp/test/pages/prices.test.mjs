// A price that follows demand: what it is, why, what it was, and what is announced.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { visits } from './visit.mjs';

const visit = visits();
const { id } = visit;
let page, node;
beforeEach(() => { ({ page, node } = visit.world); });

test('a price that moves says between which bounds, why, and what the next sale does to it', async () => {
  await page.goto(`${node.url}/models/3`);
  const text = await id('moving-price').textContent();
  assert.match(text, /between \$100\.00 and \$400\.00: 2\.63 sales above what is usual/);
  assert.match(text, /at its lowest within 2 days/);
  assert.match(text, /2 sales a day leave it where it is; 10 more double it/);
  assert.match(text, /After the next sale it is \$128\.61/);
  assert.match(text, /From \d+ Mar 2027 it costs \$150\.00\./);
  assert.equal(await id('buy-licence').textContent(), 'Buy licence for $120.00');
});

test('the chart is a table for those who want figures', async () => {
  await page.goto(`${node.url}/models/3`);
  await id('moving-price').waitFor();
  assert.equal(await page.locator('.price-chart svg').getAttribute('aria-label'), 'Prices of the last 3 sales, and now $120.00');
  await page.locator('.price-chart summary').press('Enter');
  assert.deepEqual(await id('price-table').locator('tbody td:last-child').allTextContents(), ['$159.50', '$107.177347', '$100.00']);
});

test('a fixed price has no history to explain', async () => {
  await page.goto(`${node.url}/models/1`);
  await id('buy-licence').waitFor();
  assert.equal(await id('moving-price').count(), 0);
});
