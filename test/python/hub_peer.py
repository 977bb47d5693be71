"""What test/unit/hub/resolve.test.ts compares with: huggingface_hub, with the cache that HF_HOME names."""

import json
import sys

from huggingface_hub import snapshot_download

repository, kind, files, *local = sys.argv[1:]
folder = snapshot_download(
    repository, repo_type=kind, allow_patterns=json.loads(files), local_files_only=bool(local)
)
print(json.dumps(folder))
