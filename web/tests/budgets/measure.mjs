// Measures the site against its budgets and prints the results; exits with 1 if one is exceeded. `make web-budgets`.
// Run it on an idle machine.
import { chromium } from '@playwright/test';
import { launch } from 'chrome-launcher';
import lighthouse from 'lighthouse';
import { CHROMIUM } from '../e2e/ports.mjs';
import { withSite } from '../servers.mjs';

const FLAGS = ['--no-sandbox', '--disable-dev-shm-usage', '--headless=new'];
// Lighthouse's phone profile: 1.6 Mbit/s, 150 ms round trip, processor four times slower.
const PHONE = { latency: 150, downloadThroughput: (1.6 * 1024 * 1024) / 8, uploadThroughput: (750 * 1024) / 8, offline: false };
const budgets = [];

await withSite(async (site) => {
	await firstPage(site);
	await scrolling(site);
	await audited(site);
});

for (const { name, value, limit, met } of budgets) console.log(`${met ? 'ok  ' : 'FAIL'} ${name.padEnd(46)} ${String(value).padStart(10)}   budget ${limit}`);
process.exit(budgets.every(({ met }) => met) ? 0 : 1);

function under(name, value, limit, unit) {
	budgets.push({ name, value: `${value} ${unit}`, limit: `< ${limit} ${unit}`, met: value < limit });
}

function atLeast(name, value, limit, unit = '') {
	budgets.push({ name, value: `${value} ${unit}`.trim(), limit: `>= ${limit} ${unit}`.trim(), met: value >= limit });
}

async function firstPage(site) {
	const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
	const page = await (await browser.newContext({ viewport: { width: 360, height: 780 }, deviceScaleFactor: 2 })).newPage();
	const session = await page.context().newCDPSession(page);
	await session.send('Network.enable');
	await session.send('Network.emulateNetworkConditions', PHONE);
	await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
	const kinds = new Map();
	let [scripts, all] = [0, 0];
	session.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, type));
	session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
		all += encodedDataLength;
		if (kinds.get(requestId) === 'Script') scripts += encodedDataLength;
	});
	await page.addInitScript(() => {
		globalThis.largest = 0;
		new PerformanceObserver((list) => { for (const entry of list.getEntries()) globalThis.largest = entry.startTime; }).observe({ type: 'largest-contentful-paint', buffered: true });
	});
	const paints = [];
	for (let turn = 0; turn < 5; turn++) {
		if (turn > 0) await session.send('Network.clearBrowserCache');
		else await page.goto(site, { waitUntil: 'load' }); // Warms up the server.
		[scripts, all] = [0, 0];
		await page.goto(`${site}/`, { waitUntil: 'load' });
		await page.waitForTimeout(2500);
		paints.push(await page.evaluate(() => globalThis.largest));
		await session.send('Network.clearBrowserCache');
	}
	paints.sort((a, b) => a - b);
	under('first page: JavaScript, compressed', Math.round(scripts / 102.4) / 10, 120, 'kB');
	console.log(`     (total size of the first page: ${Math.round(all / 1024)} kB)`);
	under('first page: largest paint, throttled phone, median', Math.round(paints[2]), 1500, 'ms');
	await browser.close();
}

async function scrolling(site) {
	const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
	const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();
	await page.goto(`${site}/explore`);
	await page.getByRole('gridcell').first().waitFor({ timeout: 60_000 });
	const frames = await page.evaluate(async () => {
		const gaps = [];
		const end = performance.now() + 6000;
		let last = performance.now();
		for (let at = 0; performance.now() < end; at++) {
			await new Promise((resolve) => requestAnimationFrame(resolve));
			const now = performance.now();
			if (at > 10) gaps.push(now - last);
			last = now;
			scrollBy(0, 60);
		}
		gaps.sort((a, b) => a - b);
		return { mean: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length, slow: gaps[Math.floor(gaps.length * 0.95)], rows: scrollY };
	});
	atLeast('explore: frames per second while scrolling, mean', Math.round(1000 / frames.mean), 50);
	console.log(`     (95 % of frames within ${frames.slow.toFixed(1)} ms; ${Math.round(frames.rows)} px scrolled)`);
	await browser.close();
}

async function audited(site) {
	const chrome = await launch({ chromePath: CHROMIUM, chromeFlags: FLAGS });
	try {
		for (const path of ['/', '/punk/12']) {
			const result = await lighthouse(`${site}${path}`, { port: chrome.port, output: 'json', logLevel: 'error' });
			for (const category of Object.values(result.lhr.categories)) {
				atLeast(`Lighthouse, phone, ${path}: ${category.title}`, Math.round((category.score ?? 0) * 100), 95);
				const weak = category.auditRefs.map(({ id, weight }) => ({ weight, audit: result.lhr.audits[id] })).filter(({ weight, audit }) => weight > 0 && audit.score !== null && audit.score < 0.9);
				for (const { audit } of weak) console.log(`     (${path} ${category.title}: ${audit.id} ${audit.displayValue ?? ''})`);
			}
		}
	} finally {
		chrome.kill();
	}
}
