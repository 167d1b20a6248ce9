// Takes screenshots of every page, light, dark and phone-wide, into docs/screenshots: `make web-screenshots`. GATEWAY or SITE
// is a running one to use instead, SCREENSHOTS another folder. The market is longer than in the tests, to fill the charts.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import sharp from 'sharp';
import { CHROMIUM } from '../e2e/ports.mjs';
import { withSite } from '../servers.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const INTO = process.env.SCREENSHOTS ? `${process.env.SCREENSHOTS}/` : here('../../../docs/screenshots/');
process.env.PUNKCAST_WEB_TEST_HOME ??= here('../.run/shown');
process.env.PUNKCAST_WEB_TEST_SOURCE ??= 'simulated://?seed=13&days=210&history_days=200';
const PAGES = { home: '/', explore: '/explore', 'explore-table': '/explore?view=table&sort=value&order=desc', punk: '/punk/12', deals: '/deals', traits: '/traits', trait: '/traits/Beanie', performance: '/performance', backtest: '/backtest', models: '/models', status: '/status', api: '/api-reference', about: '/about', ops: '/ops' };
const VIEWS = { light: { width: 1280, height: 860, colorScheme: 'light' }, dark: { width: 1280, height: 860, colorScheme: 'dark' }, phone: { width: 360, height: 780, colorScheme: 'light' } };
const TALLEST = 3200;

await mkdir(INTO, { recursive: true });
await withSite(async (site) => {
	const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
	for (const [view, { width, height, colorScheme }] of Object.entries(VIEWS)) {
		const context = await browser.newContext({ viewport: { width, height }, colorScheme, timezoneId: 'UTC', reducedMotion: 'reduce' });
		for (const [name, path] of Object.entries(PAGES)) {
			const page = await context.newPage();
			await page.goto(site + path, { timeout: 90_000 });
			const list = name.startsWith('explore');
			if (list) await page.getByRole('gridcell').first().waitFor({ timeout: 60_000 });
			// Charts load when they come near the viewport: scroll past all of them once.
			await page.evaluate(async (tall) => {
				for (let y = 0; y < Math.min(document.body.scrollHeight, tall); y += 500) {
					scrollTo(0, y);
					await new Promise((resolve) => setTimeout(resolve, 80));
				}
				scrollTo(0, 0);
			}, list ? 0 : TALLEST);
			// The event stream starts after the page has loaded, and the status page shows it.
			await page.waitForTimeout(name === 'status' ? 3000 : 700);
			const fullHeight = list ? height : Math.min(TALLEST, await page.evaluate(() => document.documentElement.scrollHeight));
			const screenshot = await page.screenshot({ fullPage: !list, clip: { x: 0, y: 0, width, height: fullHeight }, animations: 'disabled' });
			await sharp(screenshot).webp({ quality: 82, effort: 5 }).toFile(`${INTO}${name}-${view}.webp`);
			await page.close();
		}
		await context.close();
	}
	await browser.close();
});
