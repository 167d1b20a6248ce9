/** What the reference page shows of an OpenAPI document: operations by tag, with parameters, request bodies and responses. */

interface Schema {
	$ref?: string;
	type?: string;
	format?: string;
	enum?: unknown[];
	const?: unknown;
	default?: unknown;
	description?: string;
	anyOf?: Schema[];
	items?: Schema;
	properties?: Record<string, Schema>;
	required?: string[];
	additionalProperties?: Schema | boolean;
	minimum?: number;
	maximum?: number;
}

interface RawParameter {
	name: string;
	in: string;
	required?: boolean;
	description?: string;
	schema?: Schema;
}

interface RawOperation {
	operationId?: string;
	summary?: string;
	description?: string;
	tags?: string[];
	parameters?: RawParameter[];
	requestBody?: { content?: Record<string, { schema?: Schema }> };
	responses?: Record<string, { description?: string; content?: Record<string, { schema?: Schema }> }>;
}

export interface Document {
	paths: Record<string, Record<string, RawOperation>>;
	components?: { schemas?: Record<string, Schema> };
}

export interface Field { name: string; type: string; required: boolean; description: string }
export interface Parameter extends Field { in: 'path' | 'query'; choices: string[]; many: boolean; initial: string }
export interface Operation {
	id: string;
	method: string;
	path: string;
	summary: string;
	description: string;
	parameters: Parameter[];
	body: Field[];
	responses: { status: string; description: string }[];
	fields: Field[];
}
export interface Group { name: string; operations: Operation[] }

/** Lists only paths that the site's proxy forwards: those under /v1. */
export function operations(document: Document): Group[] {
	const schemas = document.components?.schemas ?? {};
	const groups = new Map<string, Operation[]>();
	for (const [path, methods] of Object.entries(document.paths)) {
		if (!path.startsWith('/v1/')) continue;
		for (const [method, raw] of Object.entries(methods)) {
			if (method !== 'get' && method !== 'post') continue;
			const tag = raw.tags?.[0] ?? 'other';
			groups.set(tag, [...(groups.get(tag) ?? []), operation(method, path, raw, schemas)]);
		}
	}
	return [...groups].map(([name, operations]) => ({ name, operations }));
}

function operation(method: string, path: string, raw: RawOperation, schemas: Record<string, Schema>): Operation {
	const responses = Object.entries(raw.responses ?? {});
	const success = responses.find(([status]) => status.startsWith('2'))?.[1];
	return {
		id: raw.operationId ?? `${method}${path}`,
		method: method.toUpperCase(),
		path,
		summary: summaryOf(raw) ?? path,
		description: raw.description ?? '',
		parameters: (raw.parameters ?? []).filter((raw) => raw.in === 'path' || raw.in === 'query').map(parameterOf),
		body: fields(raw.requestBody?.content?.['application/json']?.schema, schemas),
		responses: responses.map(([status, { description = '' }]) => ({ status, description })),
		fields: fields(success?.content?.['application/json']?.schema, schemas)
	};
}

/** One line. A one- or two-word summary is only a function name, so use the first sentence of the description. */
function summaryOf({ summary, description }: RawOperation): string | undefined {
	const sentence = description?.split(/(?<=[^.])\.(?:\s|$)|[:;]\s/, 1)[0]?.replaceAll('\n', ' ');
	return sentence && (!summary || summary.split(' ').length < 3) ? sentence : summary;
}

function parameterOf(raw: RawParameter): Parameter {
	const schema = raw.schema ?? {};
	const inner = schema.anyOf?.find((option) => option.type !== 'null') ?? schema;
	const choices = (inner.items ?? inner).enum?.map(String) ?? (inner.type === 'boolean' ? ['true', 'false'] : []);
	return {
		name: raw.name,
		in: raw.in as 'path' | 'query',
		required: raw.required ?? false,
		type: name(schema),
		description: raw.description ?? schema.description ?? inner.description ?? '',
		choices,
		many: inner.type === 'array',
		initial: raw.name === 'punk_id' ? '7804' : raw.in === 'path' && raw.name === 'generation_id' ? 'current' : ''
	};
}

function fields(schema: Schema | undefined, schemas: Record<string, Schema>): Field[] {
	const resolved = resolve(schema, schemas);
	return Object.entries(resolved?.properties ?? {}).map(([key, of]) => ({ name: key, type: name(of), required: resolved?.required?.includes(key) ?? false, description: of.description ?? '' }));
}

function resolve(schema: Schema | undefined, schemas: Record<string, Schema>): Schema | undefined {
	return schema?.$ref ? schemas[schema.$ref.split('/').at(-1) ?? ''] : schema;
}

/** A short type name: `string or null`, `list of Deal`. */
function name(schema: Schema | undefined): string {
	if (!schema) return '';
	if (schema.$ref) return schema.$ref.split('/').at(-1) ?? '';
	if (schema.anyOf) return schema.anyOf.map(name).join(' or ');
	if (schema.const !== undefined) return JSON.stringify(schema.const);
	if (schema.enum) return schema.enum.map(String).join(' | ');
	if (schema.type === 'array') return `list of ${name(schema.items) || 'anything'}`;
	if (schema.type === 'object' && typeof schema.additionalProperties === 'object') return `map to ${name(schema.additionalProperties) || 'anything'}`;
	return schema.format ? `${schema.type} (${schema.format})` : (schema.type ?? 'anything');
}
