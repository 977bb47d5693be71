"""Prints the probabilities that a saved classifier of images gives for files, as transformers reads both."""

import json
import sys

import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification
from transformers.utils import logging

logging.disable_progress_bar()
folder, files = sys.argv[1:]
model = AutoModelForImageClassification.from_pretrained(folder).eval()
pictures = [Image.open(file).convert("RGB") for file in json.loads(files)]
with torch.inference_mode():
    logits = model(
        **AutoImageProcessor.from_pretrained(folder)(pictures, return_tensors="pt")
    ).logits
names = [model.config.id2label[i] for i in range(logits.shape[1])]
print(
    json.dumps({"names": names, "probabilities": logits.double().softmax(-1).tolist()})
)
