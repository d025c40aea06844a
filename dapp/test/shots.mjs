// Pictures of every page in both schemes and widths, to be looked at: node test/shots.mjs FOLDER
import { mkdirSync } from 'node:fs';
import { openPage } from './browser.mjs';

const folder = process.argv[2] ?? 'shots';
mkdirSync(folder, { recursive: true });

/** As on another device of the same wallet. */
async function forgotten(page, node) {
  await page.goto(`${node.url}/nowhere`);
  await page.evaluate(async () => {
    localStorage.clear();
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  });
  return async () => {
    await page.getByTestId('connect').click();
    await page.getByTestId('wallet-option').first().click();
  };
}

for (const [name, width, height, colorScheme] of [
  ['wide', 1280, 900, 'light'], ['phone', 390, 844, 'light'], ['wide-dark', 1280, 900, 'dark'],
]) {
  const { page, node, close } = await openPage({ viewport: { width, height }, colorScheme });
  const shot = (what, fullPage = true) => page.screenshot({ path: `${folder}/${name}-${what}.png`, fullPage });
  await page.goto(node.url);
  await page.getByTestId('model-card').first().waitFor();
  await shot('discover');
  await page.getByTestId('model-card').first().click();
  await page.getByTestId('open-session').waitFor();
  await shot('model');
  await page.getByTestId('connect').click();
  await page.getByTestId('wallet-option').waitFor();
  await shot('connect', false);
  await page.getByTestId('wallet-option').first().click();
  await page.getByTestId('faucet').first().waitFor();
  await page.locator('.open-session summary').click();
  await page.locator('.open-session').screenshot({ path: `${folder}/${name}-panel.png` });
  await shot('poor', false);
  await page.getByTestId('faucet').first().click();
  await page.locator('[data-testid=open-session]:enabled').click();
  await page.getByTestId('chat-input').waitFor();
  await shot('session', false);
  await page.getByTestId('chat-input').fill('Summarise: the patient came in with a fever and was given 500 mg.');
  await page.getByTestId('chat-send').click();
  await page.locator('[data-testid=chat-answer][data-done]').waitFor();
  await page.getByTestId('try-title').or(page.locator('#try')).scrollIntoViewIfNeeded();
  await shot('chat', false);
  await page.getByTestId('buy-licence').click();
  await page.locator('dialog .primary:enabled').waitFor();
  await page.locator('dialog summary').click();
  await shot('buy', false);
  await page.locator('dialog .primary').click();
  await page.locator('dialog [data-state=confirmed]').waitFor();
  await shot('bought', false);
  await page.goto(`${node.url}/licences`);
  await page.getByTestId('licence-row').waitFor();
  await shot('licences');
  await page.goto(`${node.url}/models/2`);
  await page.getByTestId('purse-left').waitFor();
  await page.locator('#try').scrollIntoViewIfNeeded();
  await shot('second', false);
  await page.getByTestId('open-session').click();
  await page.getByTestId('chat-send').click();
  await page.getByTestId('chat-answer').waitFor();
  await page.getByRole('button', { name: 'Add money' }).click();
  await page.getByTestId('purse-left').waitFor();
  await shot('add', false);
  await page.goto(`${node.url}/money`);
  await page.getByTestId('money-row').first().waitFor();
  await page.getByTestId('revoke-key').waitFor();
  await shot('money');
  for (const [button, what] of [['fund-purse', 'fund'], ['purse-limits', 'limits'], ['revoke-key', 'revoke'], ['refund', 'refund']]) {
    await page.getByTestId(button).first().click();
    await page.locator('dialog summary').click();
    await shot(what, false);
    await page.keyboard.press('Escape');
  }
  const other = await forgotten(page, node);
  await page.goto(`${node.url}/models/1`);
  await other();
  await page.getByRole('button', { name: 'Sign to let this device' }).waitFor();
  await page.locator('#try').scrollIntoViewIfNeeded();
  await shot('other-device', false);
  await page.goto(`${node.url}/money`);
  await page.getByTestId('other-key').waitFor();
  await shot('other-money');
  await page.getByTestId('exit-purse').click();
  await page.locator('dialog summary').click();
  await shot('exit', false);
  await page.locator('dialog .primary').click();
  await page.locator('.toasts .notice').waitFor();
  await shot('refunded', false);
  await page.goto(`${node.url}/models/99`);
  await page.getByRole('alert').waitFor();
  await shot('unknown');
  await close();
}
