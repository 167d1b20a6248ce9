// Generates src/lib/api/schema.d.ts, the types of the gateway's responses, from docs/openapi.json; --check only compares.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const DOCUMENT = process.env.OPENAPI ? new URL(`file://${process.env.OPENAPI}`) : new URL('../../docs/openapi.json', import.meta.url);
const TYPES = new URL('../src/lib/api/schema.d.ts', import.meta.url);

const generated = `// Made from docs/openapi.json by \`npm run types\`; not edited by hand.\n${astToString(
	await openapiTS(JSON.parse(await readFile(DOCUMENT, 'utf8')), { defaultNonNullable: false })
)}`;
if (!process.argv.includes('--check')) {
	await writeFile(TYPES, generated);
} else if ((await readFile(TYPES, 'utf8')) !== generated) {
	console.error('src/lib/api/schema.d.ts is out of date with docs/openapi.json: run `npm run types` and commit the result');
	process.exit(1);
}
