import { readFileSync } from 'node:fs';

const read = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'));

/* Shared with the C++ of the node: what one proves, the other must too. */
export const payments: any = read('test/vectors/payments/x402_batch_settlement.json');
export const market: any = read('test/vectors/market/market.json');
export const purses: any = read('contracts/test/vectors/purse.json');
export const contractAbi = (name: string): any[] => read(`contracts/abi/${name}.json`);
export const priceCurve: any = read('contracts/test/vectors/price_curve.json');
