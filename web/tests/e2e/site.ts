/** What every browser test checks beside its own matter: nothing in the console, nothing wider than the screen. */
import AxeCore from 'axe-core';
import { test as base, expect, type Page } from '@playwright/test';
import { line, site } from './ports.mjs';

export const PAGES = ['/', '/explore', '/explore?view=table', '/punk/12', '/deals', '/traits', '/traits/Beanie', '/performance', '/backtest', '/models', '/status', '/api-reference', '/about', '/ops'] as const;

interface Fixtures {
	/** Errors that a test expects in the console. */
	allowed: RegExp[];
	quiet: void;
	/** This worker's site, whatever the tests of a file have as base. */
	plain: string;
	/** Breaks, and mends, this worker's line between site and gateway. It is whole after each test. */
	fault: (path: string, as: 'down' | 'slow' | '429' | 'html' | 'none') => Promise<void>;
}

export const test = base.extend<Fixtures>({
	allowed: [[], { option: true }],
	baseURL: ({}, use, { parallelIndex }) => use(site(parallelIndex)),
	plain: ({}, use, { parallelIndex }) => use(site(parallelIndex)),
	fault: async ({}, use, { parallelIndex }) => {
		const fault = async (path: string, as: string) => void (await fetch(`${line(parallelIndex)}/fault?path=${encodeURIComponent(path)}&as=${as}`, { method: 'POST' }));
		await use(fault);
		await fault('*', 'none');
	},
	quiet: [
		async ({ page, allowed }, use) => {
			const said: string[] = [];
			page.on('console', (message) => {
				if (message.type() === 'error' || message.type() === 'warning') said.push(message.text());
			});
			page.on('pageerror', (error) => said.push(String(error)));
			await use();
			expect(said.filter((text) => !allowed.some((one) => one.test(text)))).toEqual([]);
		},
		{ auto: true }
	]
});

/** The page has come alive and its data are there. */
export async function settled(page: Page): Promise<void> {
	await page.waitForLoadState('load');
	await expect(page.locator('main h1').first()).toBeVisible();
	if (page.url().includes('/explore')) await expect(page.getByRole('gridcell').first()).toBeVisible({ timeout: 30_000 });
	await alive(page);
	await page.waitForTimeout(200);
}

/** Its buttons work. */
export async function alive(page: Page): Promise<void> {
	await page.waitForFunction(() => 'alive' in document.documentElement.dataset);
}

export async function widerThanTheScreen(page: Page): Promise<string[]> {
	return page.evaluate(() => {
		if (document.documentElement.scrollWidth <= innerWidth) return [];
		return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map((one) => one.outerHTML.slice(0, 120));
	});
}

/** Serious and critical findings of axe. */
export async function barriers(page: Page): Promise<string[]> {
	// Text that is still fading in has another contrast.
	await page.evaluate(AxeCore.source);
	const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof AxeCore }).axe.run(document, { resultTypes: ['violations'] }));
	return found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

export { expect };
