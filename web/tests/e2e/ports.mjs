// Where the servers of the browser tests listen, and with what they identify themselves.
import { fileURLToPath } from 'node:url';

export const SITE_PORT = 4173;
export const LINE_PORT = 4174;
export const GATEWAY_PORT = 4175;
export const SITE = `http://127.0.0.1:${SITE_PORT}`;
export const LINE = `http://127.0.0.1:${LINE_PORT}`;
// The gateway's operator key, too: see tests/web/gateway.py.
export const KEY = 'only-for-the-tests-of-the-site';
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const PYTHON = process.env.PYTHON ?? fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url));
