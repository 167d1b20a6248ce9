import { alive, expect, settled, test } from './site';
import { GATEWAY_PORT, KEY, line, linePort } from './ports.mjs';

test.use({ allowed: [/Failed to load resource/] });

test('with the gateway down, pages stand and say so; once it is back, trying again helps', async ({ page, fault }) => {
	await fault('*', 'down');
	await page.goto('/deals');
	await expect(page.getByRole('heading', { name: 'Deals' })).toBeVisible();
	await expect(page.locator('.problem').first()).toContainText('The gateway is away');
	await expect(page.locator('.fresh')).toContainText('no values');
	await fault('*', 'none');
	await alive(page);
	await page.getByRole('button', { name: 'Try again' }).first().click();
	await expect(page.locator('.problem')).toHaveCount(0);
});

test('a slow part does not take the page with it', async ({ page, fault }) => {
	await fault('/v1/deals', 'slow');
	await page.goto('/');
	await expect(page.locator('.problem')).toContainText('The gateway took too long');
	await expect(page.locator('.hero .figure').first()).toContainText(/\d/);
});

test('429 and broken answers are told in words', async ({ page, request, fault }) => {
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

test('what does not exist is 404, as a page and as a problem', async ({ page, request }) => {
	for (const path of ['/punk/10000', '/nowhere', '/models/m-0000000000000000', '/traits/Crown']) {
		expect((await page.goto(path))?.status(), path).toBe(404);
		await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
	}
	for (const path of ['/api/metrics', '/api/v1/webhooks', '/api/v1/punks/10000', '/api/v1/../metrics', '/api/compat/agents/v2/top']) {
		const answer = await request.get(path);
		expect(answer.status(), path).toBe(404);
	}
	expect((await request.delete('/api/v1/market')).status()).toBe(405);
});

test('cache headers pass, and the same values are not sent twice', async ({ request }) => {
	const first = await request.get('/api/v1/market');
	const tag = first.headers()['etag']!;
	expect(tag).toBeTruthy();
	expect(first.headers()['cache-control']).toBeTruthy();
	expect((await request.get('/api/v1/market', { headers: { 'if-none-match': tag } })).status()).toBe(304);
});

test('the gateway is told who reads, by the proxy and by pages, whatever the reader claims', async ({ request }, { parallelIndex }) => {
	const named = async (path: string) => (await fetch(`${line(parallelIndex)}/reader?path=${path}`)).text();
	const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' };
	expect((await request.get('/api/v1/shadows', { headers })).status()).toBe(200);
	expect(await named('/v1/shadows')).toBe('127.0.0.1');
	// Made on the server, without a browser.
	expect((await request.get('/traits', { headers })).status()).toBe(200);
	expect(await named('/v1/traits')).toBe('127.0.0.1');
});

test('neither the gateway’s address nor its key is in anything the browser receives', async ({ page, fault }, { parallelIndex }) => {
	const secrets = [KEY, `:${linePort(parallelIndex)}`, `:${GATEWAY_PORT}`, 'PUNKCAST_GATEWAY', 'tests/.run'];
	const found: string[] = [];
	const seen: Promise<void>[] = [];
	page.on('response', (response) => {
		const whole = async () => {
			const head = JSON.stringify(await response.allHeaders());
			const body = response.url().includes('/events') ? '' : await response.text().catch(() => '');
			for (const secret of secrets) if (head.includes(secret) || body.includes(secret)) found.push(`${secret} in ${response.url()}`);
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
	expect(found).toEqual([]);
});

test('an operator’s key goes through, a wrong one is refused, and neither is kept', async ({ page }) => {
	await page.goto('/ops');
	await settled(page);
	const train = page.locator('section', { has: page.getByRole('heading', { name: 'Request a training' }) });
	await page.getByLabel('Key', { exact: true }).fill('a-wrong-key');
	await train.getByLabel(/Reason/).fill(`from the browser ${Date.now()}`);
	await train.getByRole('button', { name: 'Request it' }).click();
	await expect(page.locator('.said')).toContainText(/key/i);
	await page.getByLabel('Key', { exact: true }).fill(KEY);
	await train.getByRole('button', { name: 'Request it' }).click();
	await expect(page.locator('.said')).toContainText('Done: accepted');
	await expect(page.getByRole('region', { name: 'Training queue' }).last()).toBeVisible();
	expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))).not.toContain(KEY);
	await page.reload();
	await expect(page.getByLabel('Key', { exact: true })).toHaveValue('');
});
