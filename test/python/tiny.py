"""Makes the folder of a tiny random checkpoint that knows the words of some texts, as transformers saves it: for tests that
compare with transformers. Those that only train take test/unit/training/tinyCheckpoint.ts, which needs no Python."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageClassification,
    AutoModelForSeq2SeqLM,
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil


def encoder(folder, texts):
    """A BERT with dropout, as all-MiniLM-L6-v2 is saved: without a head."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    save_tokenizer(folder, tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]")
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)


def decoder(folder, texts):
    """A Llama with shared keys and values and tied embeddings, as SmolLM2."""
    config = LlamaConfig(
        vocab_size=bytes_tokenizer(folder, texts),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def architecture(folder, texts):
    """Of the model type that the folder is named after, as transformers generates with it."""
    kind = Path(folder).name
    small = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, max_position_embeddings=128)
    own = {
        "t5": dict(d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0),
        "falcon_mamba": dict(hidden_size=32, num_hidden_layers=2, state_size=4, intermediate_size=64),
        "llama": {**small, "num_key_value_heads": 2},
        "mistral": {**small, "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 8},
        "qwen2": {**small, "num_key_value_heads": 2},
        "ministral": {**small, "num_key_value_heads": 2, "head_dim": 8},
        "gpt_neox": small,
    }.get(kind, small)
    # RoBERTa keeps the positions up to the padding's.
    config = AutoConfig.for_model(
        kind, vocab_size=bytes_tokenizer(folder, texts), pad_token_id=0, bos_token_id=1, eos_token_id=2, **own
    )
    auto = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    model = auto.from_config(config) if kind != "roberta" else AutoModel.from_config(config)
    model.save_pretrained(folder)


def images(folder, names):
    """A classifier of images of the model type that the folder is named after, and images by these names, bright or dark in turn."""
    kind = Path(folder).name
    own = {
        "vit": dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, image_size=8, patch_size=4),
        "resnet": dict(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic"),
    }[kind]
    AutoModelForImageClassification.from_config(AutoConfig.for_model(kind, num_labels=3, **own)).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 8, "width": 8}).save_pretrained(folder)
    random = np.random.default_rng(0)
    for i, name in enumerate(names):
        low = 128 * (i % 2)
        pixels = random.integers(low, low + 128, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(Path(folder).parent / name, quality=95)


def bytes_tokenizer(folder, texts):
    """Saves a tokenizer of byte pairs that knows the texts. Returns the size of its vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<pad>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(texts, trainer)
    save_tokenizer(folder, tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    return tokenizer.get_vocab_size()


def save_tokenizer(folder, tokenizer, **special):
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, **special).save_pretrained(folder)


transformers.logging.disable_progress_bar()
torch.manual_seed(0)
kind, folder, texts = sys.argv[1:]
globals()[kind](folder, json.loads(texts))
