// The built page in a real browser, with a small node behind it and a wallet beside it.
import { chromium } from 'playwright-core';
import { mnemonicToAccount } from 'viem/accounts';
import { TestWallet } from '../../test/browser/wallet.mjs';
import { MockNode } from './mock.mjs';

const MNEMONIC = 'test test test test test test test test test test test junk';

export async function openPage({ announce = true, ...options } = {}) {
  const node = await new MockNode().start();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--host-resolver-rules=MAP node.test 127.0.0.1'],
  });
  const context = await browser.newContext(options);
  const wallet = new TestWallet(mnemonicToAccount(MNEMONIC, { addressIndex: 1 }));
  if (announce) await wallet.install(context);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/402|401|404/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  // Far more than any step takes: it only ends what hangs.
  page.setDefaultTimeout(90_000);
  const close = async () => { await browser.close(); node.close(); };
  return { page, context, node, wallet, complaints, close };
}
