"""What tests compare with: checkpoints of runs, loaded by transformers and peft."""

import json
import sys

import torch
import transformers
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

transformers.logging.disable_progress_bar()


def classes(folder, pairs):
    """Probabilities by the name of the class, one pair after another."""
    tell(folder, AutoModelForSequenceClassification.from_pretrained(folder), pairs)


def adapted_classes(folder, pairs):
    """The same of adapters."""
    with open(f"{folder}/adapter_config.json") as file:
        base = json.load(file)["base_model_name_or_path"]
    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(base, config=config)
    tell(folder, PeftModel.from_pretrained(model, folder), pairs)


def tell(folder, model, pairs):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = model.eval()
    answers = []
    for one, other in json.loads(pairs):
        with torch.no_grad():
            logits = model(**tokenizer(one, other, return_tensors="pt")).logits[0]
        answers.append({model.config.id2label[i]: float(p) for i, p in enumerate(logits.softmax(0))})
    print(json.dumps(answers))


def answers(folder, prompts, tokens):
    """Greedy answers, without special tokens."""
    model = AutoPeftModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(model.peft_config["default"].base_model_name_or_path)
    texts = []
    for prompt in json.loads(prompts):
        given = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
        written = model.generate(
            input_ids=given["input_ids"], attention_mask=given["attention_mask"], max_new_tokens=int(tokens), do_sample=False
        )
        texts.append(tokenizer.decode(written[0, given["input_ids"].shape[1] :], skip_special_tokens=True))
    print(json.dumps(texts))


def generated(folder, prompts, tokens):
    """Greedy answers as token ids to prompts as token ids, ended as the folder itself says."""
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    answers = []
    for prompt in json.loads(prompts):
        ids = torch.tensor([prompt])
        written = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=int(tokens), do_sample=False
        )
        answers.append(written[0, len(prompt) :].tolist())
    print(json.dumps(answers))


globals()[sys.argv[1]](*sys.argv[2:])
