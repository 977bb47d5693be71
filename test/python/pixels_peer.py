"""Prints the bytes of images, row by row, channels last."""

import json
import sys

import numpy as np
from PIL import Image

print(
    json.dumps(
        [
            np.asarray(Image.open(file)).ravel().tolist()
            for file in json.loads(sys.argv[1])
        ]
    )
)
