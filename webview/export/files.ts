/** What leaves the page: files that the extension host saves, and text for the clipboard. */
import type { FileRequest, SaveRequest } from '../../src/extension/messages/files.ts';

let post: (request: FileRequest) => void = () => {};

/** @param host takes the requests */
export function sendFilesTo(host: (request: FileRequest) => void): void {
  post = host;
}

/** Opens a dialog for where to save. @param name without extension; a PNG's content is in base64 */
export function saveFile(name: string, format: SaveRequest['format'], content: string): void {
  post({ type: 'save', name, format, content });
}

export function copyText(text: string): void {
  post({ type: 'copy', text });
}
