// Where the servers of the browser tests listen, and with what they identify themselves.
import { fileURLToPath } from 'node:url';

/** Each worker of the tests has a site and a line of its own, so that what one cuts is whole for the other. */
export const WORKERS = 2;
const SITE_PORTS = 4173;
const LINE_PORTS = 4183;
export const GATEWAY_PORT = 4193;
/** A site like the first one, but with pictures of punks at `PICTURES`. */
export const PICTURED_PORT = 4194;
export const PICTURED = `http://127.0.0.1:${PICTURED_PORT}`;
export const PICTURES = 'https://pictures.example/punks';
export const sitePort = (/** @type {number} */ worker) => SITE_PORTS + worker;
export const linePort = (/** @type {number} */ worker) => LINE_PORTS + worker;
export const site = (/** @type {number} */ worker) => `http://127.0.0.1:${sitePort(worker)}`;
export const line = (/** @type {number} */ worker) => `http://127.0.0.1:${linePort(worker)}`;
export const SITE = site(0);
// The gateway's operator key, too: see tests/web/gateway.py.
export const KEY = 'only-for-the-tests-of-the-site';
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const PYTHON = process.env.PYTHON ?? fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url));
