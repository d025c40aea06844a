// The dApp as its user sees it: a Chromium and the words that the journey tests share.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const shots = process.env.SHOTS;

export async function openBrowser(options = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  return { browser, context };
}

/** Writes a picture where SHOTS names a folder. */
export async function picture(page, name) {
  if (!shots) return;
  fs.mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: false });
}

/** Everything that a page must not do: throw, log an error, or break its own content policy. */
export function watch(page) {
  const faults = [];
  page.on('pageerror', (error) => faults.push(`${error}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 402/.test(message.text())) faults.push(message.text());
  });
  return faults;
}

/** The user's way through the page; each step ends when the page says that it is done. */
export class Buyer {
  constructor(page, url) { Object.assign(this, { page, url }); }

  id(name) { return this.page.getByTestId(name); }

  async find(words, title) {
    await this.page.goto(this.url);
    await this.id('search-input').fill(words);
    await this.id('model-card').filter({ hasText: title }).first().click();
    await this.page.getByRole('heading', { level: 1 }).waitFor();
  }

  async connect(wallet = 'Test Wallet') {
    await this.id('connect').first().click();
    await this.id('wallet-option').filter({ hasText: wallet }).click();
  }

  /** The prompts that the page announces for the flow at hand, in order. */
  async announced() {
    const prompts = this.id('prompt-list').locator('li');
    await prompts.first().waitFor();
    return prompts.allInnerTexts();
  }

  async openSession(amount) {
    await this.id('session-amount').fill(amount);
    await this.id('open-session').click();
  }

  /** What the page says that the wallet shows, while the wallet asks: rows of label and value. */
  async panel() {
    const rows = this.page.locator('.panel[open] tbody tr td:first-child');
    await rows.first().waitFor();
    return (await rows.allInnerTexts()).map((row) => {
      const colon = row.indexOf(':');
      return [row.slice(0, colon), row.slice(colon + 1).trim()];
    });
  }

  /** Everything out of the purse, on the page of money: the click, and its signature by `agree`. */
  async takeAllBack(agree = async () => undefined) {
    await this.id('exit-purse').click();
    await this.page.getByRole('button', { name: /^sign/i }).click();
    const screen = await agree();
    await this.page.getByText(/is back in your wallet/i).first().waitFor({ timeout: 60_000 });
    return screen;
  }

  /** One turn; resolves with the whole answer. */
  async say(text) {
    const turns = await this.id('chat-answer').count();
    await this.id('chat-input').fill(text);
    await this.id('chat-send').click();
    const answer = this.id('chat-answer').nth(turns);
    await answer.and(this.page.locator('[data-done]')).waitFor({ timeout: 120_000 });
    return answer.innerText();
  }
}
