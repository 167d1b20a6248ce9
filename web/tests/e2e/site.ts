/** Fixtures and helpers of the browser tests. Every test also fails on an unexpected console message. */
import AxeCore from 'axe-core';
import { test as base, expect, type Page } from '@playwright/test';
import { faultProxy, site } from './ports.mjs';

export const PAGES = ['/', '/explore', '/explore?view=table', '/punk/12', '/deals', '/traits', '/traits/Beanie', '/performance', '/backtest', '/models', '/status', '/api-reference', '/about', '/ops'] as const;

interface Fixtures {
	/** Console messages that a test expects. */
	allowed: RegExp[];
	cleanConsole: void;
	/** URL of this worker's site, whatever the test file's baseURL. */
	siteUrl: string;
	/** Injects a fault between this worker's site and the gateway, or clears all faults; cleared after each test. */
	fault: (path: string, as: 'down' | 'slow' | '429' | 'html' | 'none') => Promise<void>;
}

export const test = base.extend<Fixtures>({
	allowed: [[], { option: true }],
	baseURL: ({}, use, { parallelIndex }) => use(site(parallelIndex)),
	siteUrl: ({}, use, { parallelIndex }) => use(site(parallelIndex)),
	fault: async ({}, use, { parallelIndex }) => {
		const fault = async (path: string, as: string) => void (await fetch(`${faultProxy(parallelIndex)}/fault?path=${encodeURIComponent(path)}&as=${as}`, { method: 'POST' }));
		await use(fault);
		await fault('*', 'none');
	},
	cleanConsole: [
		async ({ page, allowed }, use) => {
			const messages: string[] = [];
			page.on('console', (message) => {
				if (message.type() === 'error' || message.type() === 'warning') messages.push(message.text());
			});
			page.on('pageerror', (error) => messages.push(String(error)));
			await use();
			expect(messages.filter((text) => !allowed.some((one) => one.test(text)))).toEqual([]);
		},
		{ auto: true }
	]
});

/** Waits until the page is hydrated and shows its data. */
export async function settled(page: Page): Promise<void> {
	await page.waitForLoadState('load');
	await expect(page.locator('main h1').first()).toBeVisible();
	if (page.url().includes('/explore')) await expect(page.getByRole('gridcell').first()).toBeVisible({ timeout: 30_000 });
	await hydrated(page);
	await page.waitForTimeout(200);
}

/** Waits until the buttons work. */
export async function hydrated(page: Page): Promise<void> {
	await page.waitForFunction(() => 'hydrated' in document.documentElement.dataset);
}

export async function overflowingElements(page: Page): Promise<string[]> {
	return page.evaluate(() => {
		if (document.documentElement.scrollWidth <= innerWidth) return [];
		return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map((one) => one.outerHTML.slice(0, 120));
	});
}

/** Serious and critical axe violations. */
export async function accessibilityViolations(page: Page): Promise<string[]> {
	await page.evaluate(AxeCore.source);
	const report = await page.evaluate(() => (globalThis as unknown as { axe: typeof AxeCore }).axe.run(document, { resultTypes: ['violations'] }));
	return report.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

export { expect };
