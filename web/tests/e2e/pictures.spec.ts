import type { Page } from '@playwright/test';
import { expect, hydrated, settled, test, overflowingElements } from './site';
import { IMAGE_SITE, IMAGES } from './ports.mjs';

// A site with PUBLIC_PUNK_IMAGES. Each test defines how the image server responds.
test.use({ baseURL: IMAGE_SITE, allowed: [/Failed to load resource/] });

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAABgAAAAYAQAAAADIDABVAAAAD0lEQVR42mNgaHBgoCEGAFqNEgENUmVXAAAAAElFTkSuQmCC', 'base64');
const broken = (page: Page) => page.locator('img').evaluateAll((all) => (all as HTMLImageElement[]).filter((one) => one.complete && one.naturalWidth === 0).map((one) => one.src));
const portrait = (page: Page) => page.getByRole('img', { name: 'Portrait of punk 12' });

test('images come from the configured address', async ({ page }) => {
	const requested: string[] = [];
	await page.route(`${IMAGES}/**`, (route) => {
		requested.push(route.request().url());
		return route.fulfill({ body: PNG, contentType: 'image/png' });
	});
	await page.goto('/punk/12');
	await settled(page);
	await expect(portrait(page)).toHaveAttribute('src', `${IMAGES}/12.png`);
	await expect.poll(() => portrait(page).evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(24);
	await page.goto('/explore');
	await settled(page);
	await expect(page.getByRole('gridcell').first().locator('img')).toHaveAttribute('src', `${IMAGES}/0.png`);
	expect(await broken(page)).toEqual([]);
	// Traits have no punk number, so they are drawn.
	await page.goto('/traits/Beanie');
	await settled(page);
	await page.goto('/traits');
	await settled(page);
	expect(requested.length).toBeGreaterThan(12);
	expect(requested.every((url) => /\/punks\/\d{1,4}\.png$/.test(url))).toBe(true);
});

test('without configured images, punks are drawn', async ({ page, siteUrl }) => {
	await page.goto(`${siteUrl}/punk/12`);
	await settled(page);
	await expect(portrait(page)).toBeVisible();
	await expect(page.locator('img')).toHaveCount(0);
});

for (const [how, failing] of [
	['does not exist', 'at once'],
	['fails after hydration', 'late'],
	['cannot be decoded', 'garbage']
] as const) {
	test(`an image that ${how} is replaced by a drawing, and the others stay`, async ({ page }) => {
		let release = () => {};
		const released = new Promise<void>((resolve) => (release = resolve));
		await page.route(`${IMAGES}/**`, async (route) => {
			if (/\/[13]\.png$/.test(route.request().url())) return route.fulfill({ body: PNG, contentType: 'image/png' });
			if (failing === 'garbage') return route.fulfill({ body: '<h1>nginx</h1>', contentType: 'image/png' });
			if (failing === 'late') {
				await released;
				return route.abort();
			}
			return route.fulfill({ status: 404 });
		});
		await page.goto('/punk/12', { waitUntil: failing === 'late' ? 'commit' : 'load' });
		if (failing === 'late') {
			await hydrated(page);
			await expect(portrait(page)).toHaveAttribute('src', `${IMAGES}/12.png`);
			release();
		}
		await expect(page.locator('svg[aria-label="Portrait of punk 12"] path').nth(2)).toBeVisible();
		await expect(page.locator(`img[src="${IMAGES}/12.png"]`)).toHaveCount(0);
		await page.goto('/explore');
		await settled(page);
		const cell = (at: number) => page.getByRole('gridcell').nth(at);
		await expect(cell(0).locator('svg path').nth(2)).toBeVisible();
		await expect(cell(1).locator('img')).toHaveAttribute('src', `${IMAGES}/1.png`);
		await expect(cell(2).locator('svg path').nth(2)).toBeVisible();
		await expect.poll(() => cell(3).locator('img').evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(24);
		await expect.poll(() => broken(page)).toEqual([]);
		expect(await overflowingElements(page)).toEqual([]);
	});
}
