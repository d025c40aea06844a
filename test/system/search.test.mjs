// The catalogue of a real node: what is published is found by words, by meaning and by facets, and
// whoever watches hears of it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openMarket } from './market.mjs';

let market;
before(async () => {
  market = await openMarket();
  await market.cli('key', 'import', 'maker', '--mnemonic-file', 'vectors/anvil.mnemonic', '--index', '6');
});
after(async () => { await market?.close(); });

const search = (query = '') => market.json(`/api/models${query}`);
const slugs = ({ items }) => items.map(({ slug }) => slug);
const counts = (values) => Object.fromEntries(values.map(({ value, count }) => [value, count]));

/** Published as `stoa publish` does, with a file of weights of its own. */
async function publish(name, description, properties, header = '') {
  const weights = path.join(market.data, `${name}.bin`);
  fs.writeFileSync(weights, Buffer.concat([Buffer.from(header, 'latin1'), Buffer.from(name)]));
  const bytes = fs.readFileSync(weights);
  const manifest = path.join(market.data, `${name}.json`);
  fs.writeFileSync(manifest, JSON.stringify({
    type: 'ModelListing', name, description,
    properties: {
      ...properties,
      artifacts: [{
        role: 'weights', path: `${name}.bin`, size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      }],
    },
  }));
  await market.cli('publish', manifest, '--file', weights, '--price', '3.00', '--key', 'maker');
}

/** A GGUF file's first bytes, which say its architecture, context and quantisation. */
function gguf() {
  const number = (bits, value) => {
    const bytes = Buffer.alloc(bits / 8);
    if (bits === 64) bytes.writeBigUInt64LE(BigInt(value));
    else bytes.writeUInt32LE(value);
    return bytes;
  };
  const text = (value) => Buffer.concat([number(64, value.length), Buffer.from(value)]);
  return Buffer.concat([
    Buffer.from('GGUF'), number(32, 3), number(64, 0), number(64, 3),
    text('general.architecture'), number(32, 8), text('llama'),
    text('llama.context_length'), number(32, 4), number(32, 8192),
    text('general.file_type'), number(32, 4), number(32, 15),
  ]).toString('latin1');
}

/** Events of the stream until one satisfies `found`. */
async function hear(stream, found) {
  let text = '';
  for await (const chunk of stream) {
    text += Buffer.from(chunk).toString();
    if (found(text)) return text;
  }
  throw new Error(`the stream ended: ${text}`);
}

test('what is published is told to those who watch, and found by all of its facets', async () => {
  const events = await fetch(`${market.url}/api/events`);
  const heard = hear(events.body, (text) => text.includes('event: manifest'));
  await publish('ledger-reader', 'Reads invoices and balance sheets.', {
    title: 'Ledger reader', task: 'document-question-answering', license: 'MIT', tags: ['books'],
    domains: ['finance'], capabilities: ['chat'],
    model: { config: { capabilities: { inputTypes: ['text', 'image'], languages: ['en', 'nl'], toolUsage: true } } },
  }, gguf());
  assert.match(await heard, /event: version[^]*event: manifest/);

  const { facets, items: [item] } = await search('?domain=finance');
  assert.equal(item.slug, 'ledger-reader');
  assert.deepEqual(counts(facets.language), { en: 1, nl: 1 });
  assert.deepEqual(counts(facets.capability), { chat: 1, tools: 1, 'image-input': 1 });
  assert.deepEqual(counts(facets.terms), { perpetual: 1 });
  assert.deepEqual(counts(facets.standing), { active: 1 });
  assert.deepEqual(counts(facets.format), { gguf: 1 });
  assert.equal(facets.served.length, 0);
  assert.equal(counts(facets.domain).language >= 1, true, 'its own filter is left out of a facet');
  const { abilities } = item;
  assert.equal(abilities.context, 8192, 'of the file, for the manifest does not say it');
  assert.equal(abilities.quantisation, 'Q4_K_M');
  assert.equal(abilities.architecture, 'llama');
  assert.equal(abilities.tools, true);
  assert.equal(abilities.reasoning, null);

  assert.deepEqual(slugs(await search('?language=nl&format=gguf')), ['ledger-reader']);
  assert.deepEqual(slugs(await search('?domain=finance&language=de')), []);
  assert.deepEqual(slugs(await search('?domain=finance&served=true')), []);
  assert.ok(slugs(await search('?domain=finance&domain=language')).length > 1);
  assert.deepEqual(slugs(await search('?q=invoice+sheets')), ['ledger-reader']);
});

test('the demo models are in their facets, with what they can do', async () => {
  const { items: [vectors] } = await search('?capability=embedding');
  assert.equal(vectors.abilities.context, 512);
  assert.deepEqual(vectors.abilities.languages, ['en']);
  const { items, facets } = await search('?served=true&sort=price');
  assert.equal(items.length, counts(facets.served).true);
  assert.ok(facets.price.length >= 1);
});

test('a meaning without a common word is found once the node has embedded the listing', async () => {
  const found = async () => slugs(await search(`?q=${encodeURIComponent('accounting paperwork')}`));
  const deadline = Date.now() + 60_000;
  while (!(await found()).includes('ledger-reader')) {
    assert.ok(Date.now() < deadline, 'it is embedded within a minute');
    await new Promise((next) => setTimeout(next, 100));
  }
  assert.equal((await found())[0], 'ledger-reader');
});

test('pages join while listings come, and a wrong cursor or filter is refused', async () => {
  const first = await search('?limit=1');
  await publish('late-comer', 'Came while somebody leafed through.', { title: 'Late comer' });
  const seen = slugs(first);
  for (let { next } = first; next;) {
    const page = await search(`?limit=1&cursor=${encodeURIComponent(next)}`);
    seen.push(...slugs(page));
    ({ next } = page);
  }
  assert.equal(new Set(seen).size, seen.length);
  assert.equal(seen.length, first.total);
  assert.equal(slugs(await search('?sort=newest'))[0], 'late-comer');
  for (const query of ['?cursor=7', '?cursor=zz.1.1', '?creator=nobody', `?${'tag=a&'.repeat(41)}`]) {
    const response = await fetch(`${market.url}/api/models${query}`);
    assert.equal(response.status, 400, query);
    assert.equal((await response.json()).code, 'invalid_field');
  }
});
