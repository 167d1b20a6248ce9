// Ports and the key of the browser tests’ servers.
import { fileURLToPath } from 'node:url';

/** Each test worker has its own site and its own fault proxy, so that faults of one do not affect the other. */
export const WORKERS = 2;
const SITE_PORTS = 4173;
const PROXY_PORTS = 4183;
export const GATEWAY_PORT = 4193;
/** One more site, configured to show the images at `IMAGES`. */
export const IMAGE_SITE_PORT = 4194;
export const IMAGE_SITE = `http://127.0.0.1:${IMAGE_SITE_PORT}`;
export const IMAGES = 'https://images.example/punks';
export const sitePort = (/** @type {number} */ worker) => SITE_PORTS + worker;
export const proxyPort = (/** @type {number} */ worker) => PROXY_PORTS + worker;
export const site = (/** @type {number} */ worker) => `http://127.0.0.1:${sitePort(worker)}`;
export const faultProxy = (/** @type {number} */ worker) => `http://127.0.0.1:${proxyPort(worker)}`;
export const SITE = site(0);
// Also the gateway's operator key: see tests/web/gateway.py.
export const KEY = 'only-for-the-tests-of-the-punkcast-site';
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const PYTHON = process.env.PYTHON ?? fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url));
