import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const CLIENT = join(import.meta.dirname, '../../build/client');

function files(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? files(join(folder, one.name)) : [join(folder, one.name)]));
}

describe('the browser bundle', () => {
	it('contains neither the gateway’s settings nor its default address', () => {
		expect(existsSync(CLIENT), 'run make web first').toBe(true);
		const scripts = files(CLIENT).filter((name) => /\.(js|css|json|html|svg)$/.test(name));
		expect(scripts.length).toBeGreaterThan(20);
		const leaks = scripts.filter((name) => /PUNKCAST_GATEWAY|127\.0\.0\.1:8000/.test(readFileSync(name, 'utf8')));
		expect(leaks).toEqual([]);
	});
});
