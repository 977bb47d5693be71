"""A Llama of about a million parameters that has read grade school problems, and other problems to fine-tune it on.

Usage: gsm8k_checkpoint.py FOLDER_OF_GSM8K OUTPUT
FOLDER_OF_GSM8K has the published train.jsonl and test.jsonl. OUTPUT gets `checkpoint/`, pretrained on all of the former, and
`train.jsonl` and `validation.jsonl`, 128 each of the 256 shortest of the latter.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

EXAMPLES = 128
VOCABULARY = 1024
LENGTH = 128
BATCH = 32
EPOCHS = 1
RATE = 2e-3


def problems(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def text(problem: dict[str, str]) -> str:
    return f"Question: {problem['question']}\nAnswer:\n{problem['answer']}"


def tokenizer_of(texts: list[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|endoftext|>")


def pretrain(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> LlamaForCausalLM:
    """Next-token training on the texts, one after another, in pieces of equal length."""
    torch.manual_seed(0)
    end = tokenizer.eos_token_id
    stream = torch.tensor([token for one in texts for token in [*tokenizer(one).input_ids, end]])
    pieces = stream[: len(stream) // LENGTH * LENGTH].view(-1, LENGTH)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=344,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=end,
            eos_token_id=end,
            pad_token_id=end,
        )
    )
    steps = EPOCHS * (len(pieces) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    step = 0
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(pieces))[: len(pieces) // BATCH * BATCH].view(-1, BATCH):
            batch = pieces[rows]
            loss = model(input_ids=batch, labels=batch).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            if step % 100 == 0:
                print(f"step {step} of {steps}: loss {loss.item():.3f}", file=sys.stderr, flush=True)
    return model


def write(file: Path, examples: list[dict[str, str]]) -> None:
    file.write_text("".join(f"{json.dumps(example)}\n" for example in examples), encoding="utf-8")


source, output = (Path(argument) for argument in sys.argv[1:])
texts = [text(problem) for problem in problems(source / "train.jsonl")]
tokenizer = tokenizer_of(texts)
model = pretrain(tokenizer, texts)
checkpoint = output / "checkpoint"
checkpoint.mkdir(parents=True, exist_ok=True)
model.save_pretrained(checkpoint)
tokenizer.save_pretrained(checkpoint)
# Stable, so that equal lengths keep the order of the file.
short = sorted(problems(source / "test.jsonl"), key=lambda problem: len(text(problem)))[: 2 * EXAMPLES]
order = torch.randperm(len(short), generator=torch.Generator().manual_seed(0)).tolist()
write(output / "train.jsonl", [short[i] for i in order[:EXAMPLES]])
write(output / "validation.jsonl", [short[i] for i in order[EXAMPLES:]])
