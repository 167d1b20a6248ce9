// Types of the gateway's answers from docs/openapi.json into src/lib/api/schema.d.ts; --check only compares.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const DOCUMENT = process.env.OPENAPI ? new URL(`file://${process.env.OPENAPI}`) : new URL('../../docs/openapi.json', import.meta.url);
const TYPES = new URL('../src/lib/api/schema.d.ts', import.meta.url);

const made = `// Made from docs/openapi.json by \`npm run types\`; not edited by hand.\n${astToString(
	await openapiTS(JSON.parse(await readFile(DOCUMENT, 'utf8')), { defaultNonNullable: false })
)}`;
if (!process.argv.includes('--check')) {
	await writeFile(TYPES, made);
} else if ((await readFile(TYPES, 'utf8')) !== made) {
	console.error('src/lib/api/schema.d.ts is not what docs/openapi.json says: run `npm run types` and commit it');
	process.exit(1);
}
