/**
 * The one place that knows @vscode/webview-ui-toolkit. It is deprecated upstream: to replace it, change this file and
 * keep what it exports.
 */
import {
  type Dropdown,
  provideVSCodeDesignSystem,
  vsCodeDropdown,
  vsCodeOption,
} from '@vscode/webview-ui-toolkit';

provideVSCodeDesignSystem().register(vsCodeDropdown(), vsCodeOption());

export function newDropdown(): Dropdown {
  return document.createElement('vscode-dropdown') as Dropdown;
}

export function newOption(value: string, label: string): HTMLElement {
  const option = document.createElement('vscode-option');
  option.setAttribute('value', value);
  option.textContent = label;
  return option;
}
