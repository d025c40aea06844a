// npm run fmt [-- --check]: the Solidity sources in forge's style.
import { forge } from './foundry.mjs';

forge('fmt', ...process.argv.slice(2));
