import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const CLIENT = join(import.meta.dirname, '../../build/client');

function files(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? files(join(folder, one.name)) : [join(folder, one.name)]));
}

describe('what is built for the browser', () => {
	it('names neither the variables of the gateway nor its default address', () => {
		expect(existsSync(CLIENT), 'built before: make web').toBe(true);
		const scripts = files(CLIENT).filter((name) => /\.(js|css|json|html|svg)$/.test(name));
		expect(scripts.length).toBeGreaterThan(20);
		const found = scripts.filter((name) => /PUNKCAST_GATEWAY|127\.0\.0\.1:8000/.test(readFileSync(name, 'utf8')));
		expect(found).toEqual([]);
	});
});
