// Sources as they are kept: spaces, no trailing ones, one newline at the end. With --check, names the
// files that differ and fails.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const check = process.argv.includes('--check');
let different = 0;
for (const folder of ['src', 'test', 'scripts', 'packages/client/src']) {
  for (const name of readdirSync(root + folder, { recursive: true })) {
    if (!/\.(m?[jt]sx?|css)$/.test(name)) continue;
    const path = `${root}${folder}/${name}`;
    const text = readFileSync(path, 'utf8');
    const kept = `${text.replaceAll('\t', '  ').replace(/[ \r]+$/gm, '').trimEnd()}\n`;
    if (kept === text) continue;
    different++;
    console.log(`${folder}/${name}`);
    if (!check) writeFileSync(path, kept);
  }
}
if (check && different > 0) process.exit(1);
