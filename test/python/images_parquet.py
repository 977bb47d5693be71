"""Writes images into a Parquet file as datasets on the Hub have them, a column `image` of bytes and paths, and a column `label`.

    images_parquet.py FILE IMAGES LABELS

IMAGES: paths, as JSON; null: a row without an image.
"""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

file, images, labels = sys.argv[1:]
rows = [
    path and {"bytes": Path(path).read_bytes(), "path": Path(path).name}
    for path in json.loads(images)
]
image = pa.struct({"bytes": pa.binary(), "path": pa.string()})
features = {"image": {"_type": "Image"}, "label": {"_type": "Value", "dtype": "string"}}
table = pa.table({"image": pa.array(rows, image), "label": json.loads(labels)})
table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
pq.write_table(table, file, row_group_size=4)
