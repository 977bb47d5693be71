import { setGlobalProxyFromEnv } from 'node:http';
import { messageOf } from '../config/errors.ts';

const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];

/**
 * Lets all requests take the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, as pip and curl do. Node 22 lacks the function,
 * and reads them with NODE_USE_ENV_PROXY alone. A name that cannot be read is said, and no proxy used.
 */
export function useProxy(): void {
  if (!names.some((name) => process.env[name])) return;
  try {
    (setGlobalProxyFromEnv as typeof setGlobalProxyFromEnv | undefined)?.();
  } catch (error) {
    console.error(
      `warning: HTTPS_PROXY or HTTP_PROXY is not the address of a proxy: ${messageOf(error)}. Expected http://host:port. No proxy is used.`,
    );
  }
}
