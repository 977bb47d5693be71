"""What test/unit/hub/peft.test.ts compares with: peft itself."""

import json
import sys
import warnings

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BertConfig,
    GPT2Config,
    LlamaConfig,
)

BERT = BertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
LLAMA = LlamaConfig(
    vocab_size=40,
    hidden_size=16,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=32,
)
GPT2 = GPT2Config(vocab_size=40, n_embd=16, n_layer=2, n_head=2, n_positions=32)

CASES = {
    "bert": (AutoModelForSequenceClassification, BERT, dict(task_type="SEQ_CLS", target_modules=["query", "value"])),
    "llama": (
        AutoModelForCausalLM,
        LLAMA,
        dict(task_type="CAUSAL_LM", target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "up_proj"]),
    ),
    "gpt2": (AutoModelForCausalLM, GPT2, dict(task_type="CAUSAL_LM", target_modules=["c_attn"], fan_in_fan_out=True)),
    "expression": (AutoModelForCausalLM, LLAMA, dict(task_type="CAUSAL_LM", target_modules=r".*\.(q|v)_proj")),
    "dora": (AutoModelForCausalLM, LLAMA, dict(task_type="CAUSAL_LM", target_modules=["q_proj"], use_dora=True)),
    "rslora": (AutoModelForCausalLM, LLAMA, dict(task_type="CAUSAL_LM", target_modules=["q_proj"], use_rslora=True)),
    "pattern": (
        AutoModelForCausalLM,
        LLAMA,
        dict(task_type="CAUSAL_LM", target_modules=["q_proj"], rank_pattern={"layers.0.self_attn.q_proj": 2}),
    ),
    "bias": (AutoModelForSequenceClassification, BERT, dict(task_type="SEQ_CLS", target_modules=["query"], bias="all")),
}

IDS = torch.arange(24).reshape(2, 12) % 40


def outputs(model):
    model.eval()
    with torch.no_grad():
        return model(input_ids=IDS).logits


def make(folder):
    """For each case a base, an adapter as it could be after training, and what they answer."""
    torch.manual_seed(0)
    for name, (kind, config, lora) in CASES.items():
        base = kind.from_config(config)
        base.save_pretrained(f"{folder}/{name}/base")
        model = get_peft_model(base, LoraConfig(r=3, lora_alpha=7, lora_dropout=0.2, **lora))
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.requires_grad:
                    parameter.normal_(std=0.5)
        model.save_pretrained(f"{folder}/{name}/there")
        save_file({"outputs": outputs(model)}, f"{folder}/{name}/outputs.safetensors")


def check(folder, *names):
    """Largest difference of what the adapters written here answer, how far the base alone is off, and complaints."""
    answers = {}
    for name in names:
        kind = CASES[name][0]
        expected = load_file(f"{folder}/{name}/outputs.safetensors")["outputs"]
        base = kind.from_pretrained(f"{folder}/{name}/base")
        off = (outputs(base) - expected).abs().max().item()
        with warnings.catch_warnings(record=True) as complaints:
            warnings.simplefilter("always")
            model = PeftModel.from_pretrained(base, f"{folder}/{name}/here")
        answers[name] = {
            "difference": (outputs(model) - expected).abs().max().item(),
            "withoutIt": off,
            "complaints": [str(complaint.message) for complaint in complaints if "key" in str(complaint.message)],
        }
    print(json.dumps(answers))


globals()[sys.argv[1]](*sys.argv[2:])
