// Narrowing a search: facets with counts, by pointer, by keyboard and on a phone; what models can
// do is said on every card; and what the chain brings shows without a reload.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { beforeEach, test } from 'node:test';
import { MODELS } from '../mock_market.mjs';
import { visits } from './visit.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const visit = visits();
const { id } = visit;
let page, node;
beforeEach(() => { ({ page, node } = visit.world); });

const cards = (count) => page.waitForFunction(
  (wanted) => document.querySelectorAll('[data-testid=model-card]').length === wanted
    && !document.querySelector('.stale'), count);
const options = async (facet) => (await id(`facet-${facet}`).locator('label').allTextContents())
  .map((text) => text.trim());
const box = (facet, name) => id(`facet-${facet}`).getByRole('checkbox', { name });

test('facets narrow what is found, their counts follow, and the address keeps them', async () => {
  await page.goto(node.url);
  await cards(3);
  await id('filters').click();
  assert.deepEqual(await options('task'), ['text generation2', 'sentence similarity1']);
  assert.deepEqual(await options('language'), ['English2', 'German1']);
  assert.deepEqual(await options('terms'), ['For good2']);
  assert.deepEqual(await options('price'), ['Under $0.0011', '$0.001 to $0.011']);

  await box('language', 'English').check();
  await cards(2);
  assert.deepEqual(await options('task'), ['text generation1', 'sentence similarity1']);
  await box('task', 'text generation').check();
  await cards(1);
  assert.deepEqual(await options('task'), ['text generation1', 'sentence similarity1'], 'its own filter is left out');
  await box('task', 'sentence similarity').check();
  await cards(2);
  assert.match(page.url(), /\?language=en&task=text-generation&task=sentence-similarity$/);

  await page.reload();
  await cards(2);
  assert.equal(await id('chosen').count(), 3);
  await page.getByRole('button', { name: 'Remove Task: sentence similarity' }).click();
  await cards(1);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await cards(3);
  assert.equal(new URL(page.url()).search, '');
});

test('filters work by keyboard alone', async () => {
  await page.goto(node.url);
  await cards(3);
  await id('filters').focus();
  await page.keyboard.press('Enter');
  assert.equal(await id('filters').getAttribute('aria-expanded'), 'true');
  await box('domain', 'medical').focus();
  await page.keyboard.press('Space');
  await cards(1);
  assert.equal(await box('domain', 'medical').evaluate((element) => element === document.activeElement), true,
    'what was chosen keeps the focus');
  await page.keyboard.press('Space');
  await cards(3);
});

test('axe finds nothing in open filters, which fit a phone', async () => {
  for (const [colorScheme, width] of [['light', 1280], ['dark', 320]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await page.goto(`${node.url}/?task=text-generation&language=en`);
    await cards(1);
    await id('filters').click();
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map(({ id: rule, nodes }) => [rule, nodes[0].html]), []);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px wider than ${width}`);
  }
});

test('every card says what its model can do, or that nobody knows', async () => {
  await page.goto(node.url);
  await cards(3);
  const said = await page.getByTestId('abilities').allTextContents();
  assert.equal(said[0], 'Context: 4,096 tokensTools: no toolsModalities: text → textQuantisation: Q4_0');
  assert.equal(said[1], 'Context: 512 tokensTools unknownModalities unknownQuantisation: F16');
  assert.equal(said[2], 'Context unknownTools unknownModalities unknownQuantisation unknown');
  await page.goto(`${node.url}/models/1`);
  const list = await id('ability-list').textContent();
  for (const part of ['Context4,096 tokens', 'Toolsno', 'Reasoningunknown', 'LanguagesEnglish, German',
    'Parameters1.1B', 'QuantisationQ4_0', 'Formatgguf', 'Size669 MB']) assert.ok(list.includes(part), `${part} in ${list}`);
});

test('a listing that the chain brings appears by itself, with its facets', async () => {
  await page.goto(node.url);
  await cards(3);
  await id('filters').click();
  node.models.unshift({ ...MODELS[2], id: '4', title: 'New today', task: 'translation' });
  node.tell('version');
  await cards(4);
  assert.ok((await options('task')).includes('translation1'));
  node.models[0] = { ...node.models[0], title: 'Its manifest came later' };
  node.tell('manifest');
  await page.getByText('Its manifest came later').waitFor();
});
