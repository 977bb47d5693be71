#!/usr/bin/env bash
# What the end-to-end tests need beside `npm ci`: Chromium and a real VS Code (code-server), cached outside the checkout.
set -euo pipefail

version=4.139.1
cache="${XDG_CACHE_HOME:-$HOME/.cache}/grain-vscode/code-server-$version"

missing=()
command -v chromium >/dev/null || missing+=(chromium)
[ -e /usr/include/gssapi/gssapi.h ] || missing+=(libkrb5-dev) # code-server builds its Kerberos client
if [ ${#missing[@]} -gt 0 ]; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq "${missing[@]}"
fi

if [ ! -e "$cache/node_modules/.bin/code-server" ] || ! "$cache/node_modules/.bin/code-server" --version >/dev/null; then
  rm -rf "$cache"
  mkdir -p "$cache"
  cd "$cache"
  npm init -y >/dev/null
  # Left alone, npm would hand down the Node that started it, not the one it runs on, and code-server refuses the former.
  env -u npm_config_user_agent npm install --no-audit --no-fund "code-server@$version"
fi
echo "code-server $version and $(chromium --version) are ready"
