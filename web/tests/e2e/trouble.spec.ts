import { expect, hydrated, settled, test } from './site';
import { faultProxy, GATEWAY_PORT, KEY, proxyPort } from './ports.mjs';

test.use({ allowed: [/Failed to load resource/] });

test('with the gateway down, pages still load and say so; a retry works once it is back', async ({ page, fault }) => {
	await fault('*', 'down');
	await page.goto('/deals');
	await expect(page.getByRole('heading', { name: 'Deals' })).toBeVisible();
	await expect(page.locator('.problem').first()).toContainText('The gateway is unavailable');
	await expect(page.locator('.fresh')).toContainText('no values');
	await fault('*', 'none');
	await hydrated(page);
	await page.getByRole('button', { name: 'Try again' }).first().click();
	await expect(page.locator('.problem')).toHaveCount(0);
});

test('one slow section does not break the page', async ({ page, fault }) => {
	await fault('/v1/deals', 'slow');
	await page.goto('/');
	await expect(page.locator('.problem')).toContainText('The gateway timed out');
	await expect(page.locator('.hero .figure').first()).toContainText(/\d/);
});

test('429 and invalid responses are explained', async ({ page, request, fault }) => {
	await fault('/v1/traits', '429');
	await page.goto('/traits');
	await expect(page.locator('.problem')).toContainText('Too many requests');
	const limited = await request.get('/api/v1/traits');
	expect([limited.status(), limited.headers()['retry-after'], (await limited.json()).type]).toEqual([429, '7', 'https://punkcast.dev/problems/rate-limited']);
	await fault('/v1/traits', 'html');
	const broken = await request.get('/api/v1/traits');
	expect(broken.status()).toBe(502);
	expect(await broken.text()).not.toContain('nginx');
});

test('a missing page or path is a 404, as a page and as a problem', async ({ page, request }) => {
	for (const path of ['/punk/10000', '/nowhere', '/models/m-0000000000000000', '/traits/Crown']) {
		expect((await page.goto(path))?.status(), path).toBe(404);
		await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
	}
	for (const path of ['/api/metrics', '/api/v1/webhooks', '/api/v1/punks/10000', '/api/v1/../metrics', '/api/compat/agents/v2/top']) {
		const answer = await request.get(path);
		expect(answer.status(), path).toBe(404);
	}
	expect((await request.delete('/api/v1/market')).status()).toBe(405);
});

test('cache headers are forwarded, and unchanged values are not sent twice', async ({ request }) => {
	const first = await request.get('/api/v1/market');
	const tag = first.headers()['etag']!;
	expect(tag).toBeTruthy();
	expect(first.headers()['cache-control']).toBeTruthy();
	expect((await request.get('/api/v1/market', { headers: { 'if-none-match': tag } })).status()).toBe(304);
});

test('the gateway gets the reader’s address from the proxy and from pages, whatever the reader claims', async ({ request }, { parallelIndex }) => {
	const readerOf = async (path: string) => (await fetch(`${faultProxy(parallelIndex)}/reader?path=${path}`)).text();
	const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' };
	expect((await request.get('/api/v1/shadows', { headers })).status()).toBe(200);
	expect(await readerOf('/v1/shadows')).toBe('127.0.0.1');
	// Rendered on the server, without a browser.
	expect((await request.get('/traits', { headers })).status()).toBe(200);
	expect(await readerOf('/v1/traits')).toBe('127.0.0.1');
});

test('the browser receives neither the gateway’s address nor its key', async ({ page, fault }, { parallelIndex }) => {
	const secrets = [KEY, `:${proxyPort(parallelIndex)}`, `:${GATEWAY_PORT}`, 'PUNKCAST_GATEWAY', 'tests/.run'];
	const leaks: string[] = [];
	const seen: Promise<void>[] = [];
	page.on('response', (response) => {
		const whole = async () => {
			const head = JSON.stringify(await response.allHeaders());
			const body = response.url().includes('/events') ? '' : await response.text().catch(() => '');
			for (const secret of secrets) if (head.includes(secret) || body.includes(secret)) leaks.push(`${secret} in ${response.url()}`);
		};
		seen.push(whole());
	});
	for (const path of ['/', '/explore', '/punk/12', '/models', '/status', '/api-reference', '/ops', '/punk/10000']) {
		await page.goto(path);
		await settled(page).catch(() => undefined);
	}
	await fault('*', 'down');
	await page.goto('/performance');
	await Promise.all(seen);
	expect(seen.length).toBeGreaterThan(30);
	expect(leaks).toEqual([]);
});

test('an operator’s key is accepted, a wrong one is refused, and neither is stored', async ({ page }) => {
	await page.goto('/ops');
	await settled(page);
	const train = page.locator('section', { has: page.getByRole('heading', { name: 'Request training' }) });
	await page.getByLabel('Key', { exact: true }).fill('a-wrong-key');
	await train.getByLabel(/Reason/).fill(`from the browser ${Date.now()}`);
	await train.getByRole('button', { name: 'Request' }).click();
	await expect(page.locator('.result')).toContainText(/key/i);
	await page.getByLabel('Key', { exact: true }).fill(KEY);
	await train.getByRole('button', { name: 'Request' }).click();
	await expect(page.locator('.result')).toContainText('Done: queued');
	await expect(page.getByRole('region', { name: 'Training queue' }).last()).toBeVisible();
	expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))).not.toContain(KEY);
	await page.reload();
	await expect(page.getByLabel('Key', { exact: true })).toHaveValue('');
});
