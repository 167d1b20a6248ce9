import type { Page } from '@playwright/test';
import { alive, expect, settled, test, widerThanTheScreen } from './site';
import { PICTURED, PICTURES } from './ports.mjs';

// A site with PUBLIC_PUNK_IMAGES. What the pictures' server says, each test says.
test.use({ baseURL: PICTURED, allowed: [/Failed to load resource/] });

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAABgAAAAYAQAAAADIDABVAAAAD0lEQVR42mNgaHBgoCEGAFqNEgENUmVXAAAAAElFTkSuQmCC', 'base64');
const broken = (page: Page) => page.locator('img').evaluateAll((all) => (all as HTMLImageElement[]).filter((one) => one.complete && one.naturalWidth === 0).map((one) => one.src));
const portrait = (page: Page) => page.getByRole('img', { name: 'Portrait of punk 12' });

test('pictures come from the place that is configured', async ({ page }) => {
	const asked: string[] = [];
	await page.route(`${PICTURES}/**`, (route) => {
		asked.push(route.request().url());
		return route.fulfill({ body: PNG, contentType: 'image/png' });
	});
	await page.goto('/punk/12');
	await settled(page);
	await expect(portrait(page)).toHaveAttribute('src', `${PICTURES}/12.png`);
	await expect.poll(() => portrait(page).evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(24);
	await page.goto('/explore');
	await settled(page);
	await expect(page.getByRole('gridcell').first().locator('img')).toHaveAttribute('src', `${PICTURES}/0.png`);
	expect(await broken(page)).toEqual([]);
	// Traits are drawn, they have no number.
	await page.goto('/traits/Beanie');
	await settled(page);
	await page.goto('/traits');
	await settled(page);
	expect(asked.length).toBeGreaterThan(12);
	expect(asked.every((url) => /\/punks\/\d{1,4}\.png$/.test(url))).toBe(true);
});

test('without pictures configured, punks are drawn', async ({ page, plain }) => {
	await page.goto(`${plain}/punk/12`);
	await settled(page);
	await expect(portrait(page)).toBeVisible();
	await expect(page.locator('img')).toHaveCount(0);
});

for (const [how, failing] of [
	['is not there', 'at once'],
	['fails when the page is alive already', 'late'],
	['is no picture', 'garbage']
] as const) {
	test(`a picture that ${how} is drawn instead, the others stay`, async ({ page }) => {
		let give = () => {};
		const given = new Promise<void>((resolve) => (give = resolve));
		await page.route(`${PICTURES}/**`, async (route) => {
			if (/\/[13]\.png$/.test(route.request().url())) return route.fulfill({ body: PNG, contentType: 'image/png' });
			if (failing === 'garbage') return route.fulfill({ body: '<h1>nginx</h1>', contentType: 'image/png' });
			if (failing === 'late') {
				await given;
				return route.abort();
			}
			return route.fulfill({ status: 404 });
		});
		await page.goto('/punk/12', { waitUntil: failing === 'late' ? 'commit' : 'load' });
		if (failing === 'late') {
			await alive(page);
			await expect(portrait(page)).toHaveAttribute('src', `${PICTURES}/12.png`);
			give();
		}
		await expect(page.locator('svg[aria-label="Portrait of punk 12"] path').nth(2)).toBeVisible();
		await expect(page.locator(`img[src="${PICTURES}/12.png"]`)).toHaveCount(0);
		await page.goto('/explore');
		await settled(page);
		const cell = (at: number) => page.getByRole('gridcell').nth(at);
		await expect(cell(0).locator('svg path').nth(2)).toBeVisible();
		await expect(cell(1).locator('img')).toHaveAttribute('src', `${PICTURES}/1.png`);
		await expect(cell(2).locator('svg path').nth(2)).toBeVisible();
		await expect.poll(() => cell(3).locator('img').evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(24);
		await expect.poll(() => broken(page)).toEqual([]);
		expect(await widerThanTheScreen(page)).toEqual([]);
	});
}
