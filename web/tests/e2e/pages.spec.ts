import { accessibilityViolations, expect, PAGES, settled, test, overflowingElements } from './site';

const VIEWS = [
	{ name: 'light', viewport: { width: 1280, height: 860 }, colorScheme: 'light' as const },
	{ name: 'dark, 360 px', viewport: { width: 360, height: 780 }, colorScheme: 'dark' as const }
];

for (const view of VIEWS) {
	test.describe(view.name, () => {
		test.use({ viewport: view.viewport, colorScheme: view.colorScheme });
		for (const path of PAGES) {
			test(`${path} is complete, accessible and fits the screen`, async ({ page }) => {
				const answer = await page.goto(path);
				expect(answer?.status()).toBe(200);
				await settled(page);
				await expect(page.locator('h1')).toHaveCount(1);
				await expect(page).toHaveTitle(/Punkcast$/);
				await expect(page.getByText('Simulated market.')).toBeVisible();
				await expect(page.locator('.problem')).toHaveCount(0);
				expect(await overflowingElements(page)).toEqual([]);
				expect(await accessibilityViolations(page)).toEqual([]);
			});
		}
	});
}

test('every model has a page with its card and evidence', async ({ page }) => {
	await page.goto('/models');
	await page.getByRole('region', { name: 'All models' }).getByRole('link').first().click();
	await settled(page);
	await expect(page.getByRole('heading', { name: 'Model card' })).toBeVisible();
	await expect(page.locator('.card table, .card ul, .card p').first()).toBeVisible();
	expect(await accessibilityViolations(page)).toEqual([]);
});

test('dark and light differ, and follow the reader’s setting', async ({ page }) => {
	const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	await page.emulateMedia({ colorScheme: 'light' });
	await page.goto('/about');
	const light = await background();
	await page.emulateMedia({ colorScheme: 'dark' });
	expect(await background()).not.toBe(light);
});

test('pages are complete without JavaScript', async ({ browser, baseURL }) => {
	const context = await browser.newContext({ javaScriptEnabled: false, baseURL });
	const page = await context.newPage();
	await page.goto('/punk/12');
	await expect(page.getByRole('heading', { name: '#12' })).toBeVisible();
	await expect(page.getByText('80 % interval').first()).toBeVisible();
	await page.goto('/performance');
	await expect(page.getByRole('region', { name: 'Scorecard' }).getByRole('row').nth(1)).toContainText('All');
	await context.close();
});
