import { expect, settled, test } from './site';

test('a filter changes the list and the URL, and the URL restores the list', async ({ page }) => {
	await page.goto('/explore');
	await settled(page);
	await expect(page.getByText('All 10,000 punks')).toBeVisible();
	await page.getByRole('checkbox', { name: 'Zombie' }).check();
	await page.getByLabel('Sort by').selectOption('value');
	await expect(page).toHaveURL(/type=Zombie/);
	await expect(page).toHaveURL(/sort=value&order=desc/);
	const count = page.locator('.count');
	await expect(count).toHaveText(/^\d+ of 10,000 punks$/);
	const [text, first] = [await count.textContent(), await page.getByRole('gridcell').first().textContent()];
	await page.goto(page.url());
	await settled(page);
	await expect(count).toHaveText(text!);
	await expect(page.getByRole('gridcell').first()).toHaveText(first!);
	await expect(page.getByRole('checkbox', { name: 'Zombie' })).toBeChecked();
	await page.getByRole('button', { name: 'Clear all filters' }).click();
	await expect(page.getByText('All 10,000 punks')).toBeVisible();
});

test('price, discount and trait filters narrow the list', async ({ page }) => {
	await page.goto('/explore?trait=Beanie');
	await settled(page);
	await expect(page.getByRole('button', { name: 'Remove Beanie' })).toBeVisible();
	await page.goto('/explore?listed=true');
	await settled(page);
	const number = async () => Number((await page.locator('.count').textContent())!.replace(/ of .*/, '').replace(/\D/g, ''));
	const listed = await number();
	await page.getByLabel('Min discount, %').fill('5');
	await page.keyboard.press('Tab');
	await expect(page).toHaveURL(/min_discount=5/);
	await expect.poll(number).toBeLessThan(listed);
	await page.goto('/explore?min_price=1000000');
	await expect(page.getByText('No punk matches all of these filters.')).toBeVisible({ timeout: 30_000 });
});

test('the keyboard moves through the grid, to the last punk', async ({ page }) => {
	await page.goto('/explore');
	await settled(page);
	await page.locator('[data-at="0"]').focus();
	await page.keyboard.press('ArrowRight');
	await expect(page.locator('[data-at="1"]')).toBeFocused();
	await page.keyboard.press('End');
	await expect(page.locator('[data-at="9999"]')).toBeFocused();
	await expect(page.locator('[data-at="9999"]')).toBeInViewport();
	expect(await page.getByRole('gridcell').count()).toBeLessThan(150);
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/\/punk\/9999$/);
});

test('the browser verifies a punk’s proof against the published root', async ({ page }) => {
	await page.goto('/punk/12');
	await settled(page);
	await page.getByRole('button', { name: 'Verify in this browser' }).click();
	await expect(page.getByText(/^Verified: the line/)).toBeVisible();
});

test('the keyboard reads a chart, and its data is also a table', async ({ page }) => {
	await page.goto('/');
	await settled(page);
	const chart = page.getByRole('img', { name: /Use the arrow keys to read the points/ }).first();
	await chart.scrollIntoViewIfNeeded();
	await expect(chart.locator('canvas')).toBeVisible();
	await chart.focus();
	await page.keyboard.press('End');
	await expect(page.locator('.readout').first()).toContainText(/\d{4}.*Floor/);
	await page.getByText('Data table').first().click();
	expect(await page.locator('details .table tbody tr').count()).toBeGreaterThan(10);
});

test('times are in the reader’s zone with UTC on hover; ETH amounts have dollars on hover', async ({ page }) => {
	await page.goto('/performance');
	await settled(page);
	const time = page.getByRole('region', { name: 'Scored sales' }).locator('time').first();
	const instant = new Date((await time.getAttribute('datetime'))!);
	await expect(time).toHaveAttribute('title', `${instant.toISOString().slice(0, 19).replace('T', ' ')} UTC`);
	const local = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'America/New_York' }).format(instant);
	await expect(time).toContainText(local);
	await expect(page.locator('.eth').first()).toHaveAttribute('title', /^\$[\d,.]+ at \d{4}-\d{2}-\d{2}’s close$/);
});

test('horizon, exclusions and breakdown change the record', async ({ page }) => {
	await page.goto('/performance');
	await settled(page);
	await page.getByRole('link', { name: 'A week before' }).click();
	await expect(page).toHaveURL(/horizon=7d/);
	await page.getByRole('checkbox', { name: /Include excluded sales/ }).click();
	await expect(page).toHaveURL(/exclusions=false/);
	await page.getByRole('button', { name: 'Channel' }).click();
	await expect(page.getByRole('region', { name: 'Scorecard' }).last()).toContainText('Public ask');
	await page.getByRole('combobox', { name: 'Channel' }).selectOption('Accepted bid');
	const channels = page.getByRole('region', { name: 'Scored sales' }).locator('tbody tr td:nth-of-type(2)');
	await expect(channels.first()).toContainText('Accepted bid');
	await expect(channels.filter({ hasNotText: 'Accepted bid' })).toHaveCount(0);
});

test('the backtest compares the strategy with passive books, and annualises nothing in a short period', async ({ page }) => {
	await page.goto('/backtest');
	await settled(page);
	const against = page.getByRole('region', { name: 'Against passive books' });
	await expect(against.getByRole('listitem')).toHaveCount(6);
	for (const line of await against.getByRole('listitem').all()) {
		await expect(line).toContainText(/[+−]?\d+\.\d\u202fpp\s*[+−]?\d+\.\d to [+−]?\d+\.\d\u202fpp/);
		await expect(line).toContainText(/ahead|behind|may be chance/);
	}
	const before = await against.textContent();
	await page.getByRole('button', { name: 'At the bid' }).click();
	await expect(against).not.toHaveText(before!);
	const figures = page.getByRole('region', { name: 'Figures by book', exact: true });
	await expect(figures).toContainText('Total return');
	await expect(figures).not.toContainText(/Sharpe|Annual|a year/);
	const annual = page.getByRole('region', { name: 'Annualised figures by book' });
	await expect(annual).toBeHidden();
	await page.getByText('Annualised figures, unreliable for so few days').click();
	await expect(annual).toContainText('Sharpe');
	await expect(page.getByText(/\d+ days are too few to annualise/)).toBeVisible();
	expect(await page.getByRole('region', { name: 'Trades' }).last().getByRole('row').count()).toBeGreaterThan(1);
	await expect(page.getByText('This book made no trades.')).toHaveCount(0);
});

test('stale values are marked, with their age', async ({ page }) => {
	await page.goto('/');
	// The simulated market ended long ago.
	await expect(page.locator('.fresh')).toContainText(/stale: \d+ (months|years|days) old/);
});

test('the API reference can send a request', async ({ page }) => {
	await page.goto('/api-reference#get_market');
	await settled(page);
	const operation = page.locator('details', { has: page.locator('code', { hasText: /^\/v1\/market$/ }) }).first();
	if ((await operation.getAttribute('open')) === null) await operation.locator('summary').click();
	await operation.getByRole('button', { name: 'Try it' }).click();
	await expect(operation.getByRole('region', { name: 'Response' })).toContainText('"floor"');
});

test('the event stream reaches the page', async ({ page }) => {
	await page.goto('/status');
	await expect(page.getByText('pages update automatically')).toBeVisible({ timeout: 20_000 });
});
