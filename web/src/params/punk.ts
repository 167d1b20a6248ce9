import type { ParamMatcher } from '@sveltejs/kit';

/** 0 to 9999. */
export const match: ParamMatcher = (text) => /^(0|[1-9]\d{0,3})$/.test(text);
