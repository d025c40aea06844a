// Fails the build when the page's first load carries more script than promised.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT_BYTES = 200_000;
const dist = new URL('../dist/', import.meta.url);
const html = readFileSync(new URL('index.html', dist), 'utf8');

if (/<style|style=|<script(?![^>]*\ssrc=)/.test(html)) {
  throw new Error('index.html has an inline style or script, which the node\'s policy refuses');
}
const first = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, file]) => file);
let total = 0;
for (const file of first) {
  const bytes = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${file}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB  of at most ${LIMIT_BYTES / 1000} kB (gzip)`);
if (total > LIMIT_BYTES) process.exit(1);
